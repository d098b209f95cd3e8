// How a data file is written, and what its reader is told of it.
#include <fcntl.h>

#include <string>

#include "writer.h"

namespace iio {
namespace {

constexpr const char* kWhyConverted =
    "Samples are converted on their way, in one pass, and leave in large direct writes.";

std::string buffered(const std::string& reason) {
  return reason +
         " go through the page cache, at the price of one copy, with at most 64 MiB waiting for "
         "the disk.";
}

std::string whyFileSystem(int err) {
  return buffered("The file system takes no direct writes (" + errnoName(err) + "), so samples");
}

std::string whyMemory(const std::string& errName) {
  return "The disk may not read from the blocks' memory (" + errName + "), so samples";
}

std::string whyPayload(uint32_t bytes) {
  return "A block's " + std::to_string(bytes) +
         " bytes are no multiple of 4,096, so blocks are gathered into large direct writes, at the "
         "price of one copy.";
}

}  // namespace

// A second descriptor, so that unaligned tails can still go through the page cache. What is told
// here is what is expected; the first write decides.
void SampleFile::openDirect() {
  if (options_.asked == WritePath::Buffered)
    return tell(WriteWay::Buffered, buffered("As asked, samples"));
  const std::string same = "/proc/self/fd/" + std::to_string(fd_);
  directFd_ = ::open(same.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  if (directFd_ < 0) return tell(WriteWay::Buffered, whyFileSystem(errno));
  direct_ = true;
  if (options_.converted) return tell(WriteWay::Gathered, kWhyConverted);
  if (options_.payloadBytes % kAlign)
    return tell(WriteWay::Gathered, whyPayload(options_.payloadBytes));
  fromMemory_ = true;
  if (options_.directIo || options_.asked == WritePath::Direct)
    tellDirect();
  else
    tell(WriteWay::Buffered, buffered("The first write tells whether the disk may read from the "
                                      "blocks' memory; if not, samples"));
}

void SampleFile::tellDirect() {
  tell(WriteWay::Direct,
       "Blocks leave for the disk straight from their own memory, without a copy.");
}

void SampleFile::tell(WriteWay way, std::string why) {
  std::lock_guard lock(lock_);
  if (!direct_ && way != WriteWay::Buffered) return;  // known meanwhile
  way_ = way;
  why_ = std::move(why);
}

WriteWayNow SampleFile::way() const {
  std::lock_guard lock(lock_);
  return {way_, why_};
}

// EFAULT: the memory can't be pinned, as that of most heaps. Else it is the file system, which may
// take no direct writes though it let the file be opened for them.
void SampleFile::leaveDirect(const Flight& flight, int err) {
  const bool memory = flight.borrowed && err == EFAULT;
  if (flight.borrowed) fromMemory_ = false;
  if (memory && options_.asked == WritePath::Direct)
    return tell(WriteWay::Gathered,
                whyMemory(errnoName(err)) + " are copied once into memory that it may read from.");
  direct_ = false;
  tell(WriteWay::Buffered, memory ? buffered(whyMemory(errnoName(err))) : whyFileSystem(err));
}

}  // namespace iio
