#include "error.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include "fs-limits.h"
#include "fs.h"

using namespace iio;

TEST_CASE("a fault keeps errno, call and path, and says them in one sentence with the next step") {
  const Fault fault = makeFault(EACCES, "open", "/dev/iio:device0", "Join the group iio.");
  CHECK(fault.err == EACCES);
  CHECK(fault.syscall == "open");
  CHECK(fault.path == "/dev/iio:device0");
  CHECK(fault.message ==
        "open of /dev/iio:device0 failed: permission denied (EACCES). Join the group iio.");
  CHECK(static_cast<bool>(fault));
  CHECK_FALSE(static_cast<bool>(Fault{}));
}

TEST_CASE("a fault without a path or a next step is still a sentence") {
  CHECK(makeFault(ENOMEM, "mmap", "").message == "mmap failed: cannot allocate memory (ENOMEM).");
}

TEST_CASE("an errno has its name, and one without a name its number") {
  CHECK(errnoName(EBUSY) == "EBUSY");
  CHECK(errnoName(ETIMEDOUT) == "ETIMEDOUT");
  CHECK(errnoName(ENODEV) == "ENODEV");
  CHECK(errnoName(4242) == "E4242");
}

TEST_CASE("a thrown error says what its fault says") {
  const CoreError error(makeFault(EIO, "read", "/x"));
  CHECK(std::string(error.what()) == error.fault.message);
}

TEST_CASE("free bytes are told for a folder, and a missing one is an error with its path") {
  CHECK(freeBytes("/") > 0);
  CHECK_THROWS_AS(freeBytes("/no/such/folder"), CoreError);
  try {
    freeBytes("/no/such/folder");
  } catch (const CoreError& error) {
    CHECK(error.fault.err == ENOENT);
    CHECK(error.fault.path == "/no/such/folder");
  }
}

TEST_CASE("the limit of open files is raised to the hard one") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit lowered = before;
  lowered.rlim_cur = before.rlim_max / 2;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  const FileLimit limit = raiseFileLimit();
  CHECK(limit.soft == before.rlim_max);
  CHECK(limit.hard == before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}
