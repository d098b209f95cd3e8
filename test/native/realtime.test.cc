#include "realtime.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "fakes.h"

using namespace fakes;

namespace {

std::string only(const std::vector<std::string>& notes) {
  REQUIRE(notes.size() == 1);
  return notes.front();
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::vector<uint32_t> cpusOf(pthread_t thread) {
  cpu_set_t set;
  CPU_ZERO(&set);
  pthread_getaffinity_np(thread, sizeof set, &set);
  std::vector<uint32_t> out;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
  return out;
}

struct RealtimeRig {
  std::shared_ptr<Bench> bench = std::make_shared<Bench>();
  FakeTransport* transport;
  std::unique_ptr<Engine> engine;

  explicit RealtimeRig(RealtimeSpec realtime, bool waits = false) {
    EngineSpec spec;
    spec.layout.scanBytes = 4;
    spec.layout.elements = {ScanElement{}};
    spec.payloadBytes = 64;
    spec.queueDepth = 2;
    spec.realtime = std::move(realtime);
    auto source = std::make_unique<FakeTransport>(bench, 4, waits);
    transport = source.get();
    engine = std::make_unique<Engine>(spec, std::make_unique<FakeArena>(bench, 4, 64),
                                      std::move(source));
  }
};

}  // namespace

TEST_CASE("realtime: says nothing where all is as asked") {
  CHECK(realtimeNotes({50, {0, 1}}, {0, 0, 0, {0, 1}}).empty());
  CHECK(realtimeNotes({}, {EPERM, EINVAL, 0, {}}).empty());
}

TEST_CASE("realtime: a refused priority names the limit, the line that mends it and the capability") {
  const std::string note = only(realtimeNotes({50, {}}, {EPERM, 0, 20, {}}));
  CHECK(has(note, "at most 20 (ulimit -r)"));
  CHECK(has(note, "\"@iio - rtprio 50\""));
  CHECK(has(note, "/etc/security/limits.d/"));
  CHECK(has(note, "CAP_SYS_NICE"));
}

TEST_CASE("realtime: a priority within the limit that is refused all the same is the group's") {
  const std::string note = only(realtimeNotes({50, {}}, {EPERM, 0, 99, {}}));
  CHECK(has(note, "cpu.rt_runtime_us"));
  CHECK(!has(note, "rtprio"));
}

TEST_CASE("realtime: CPUs that are not there are named, with those to choose from") {
  CHECK(has(only(realtimeNotes({0, {9}}, {0, 0, 0, {0, 1, 2, 5}})),
            "CPU 9 does not exist or is not for this program. Choose of 0-2,5."));
  CHECK(has(only(realtimeNotes({0, {1, 8, 7, 3}}, {0, 0, 0, {0, 1}})), "CPUs 3,7-8 do not exist"));
}

TEST_CASE("realtime: a thread runs only on the CPUs asked for; one that is not there is left out") {
  std::atomic<bool> over{false};
  std::thread thread([&] {
    while (!over) std::this_thread::yield();
  });
  const auto all = cpusOf(pthread_self());
  const uint32_t first = all.front();
  CHECK(applyRealtime(thread.native_handle(), {0, {first}}).empty());
  CHECK(cpusOf(thread.native_handle()) == std::vector<uint32_t>{first});
  const auto notes = applyRealtime(thread.native_handle(), {0, {all.back(), 1000}});
  CHECK(has(only(notes), "CPU 1000 does not exist"));
  CHECK(cpusOf(thread.native_handle()) == std::vector<uint32_t>{all.back()});
  over = true;
  thread.join();
}

TEST_CASE("realtime: a priority is either in force or the reason is said") {
  std::atomic<bool> over{false};
  std::thread thread([&] {
    while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  const auto notes = applyRealtime(thread.native_handle(), {10, {}});
  int policy = 0;
  sched_param param{};
  REQUIRE(pthread_getschedparam(thread.native_handle(), &policy, &param) == 0);
  if (notes.empty()) {
    CHECK(policy == SCHED_FIFO);
    CHECK(param.sched_priority == 10);
  } else {
    CHECK(policy == SCHED_OTHER);
    CHECK(has(only(notes), "Real-time priority 10"));
  }
  over = true;
  thread.join();
}

TEST_CASE("realtime: the engine runs whatever the system says, and tells") {
  RealtimeRig rig({0, {1000}});
  CHECK(rig.engine->notes().empty());
  rig.engine->start();
  CHECK(has(only(rig.engine->notes()), "CPU 1000 does not exist"));
  rig.transport->complete(3);
  CHECK(eventually([&] { return rig.engine->counters().blocks == 3; }));
}

TEST_CASE("realtime: a source that waits for blocks is left at the usual priority, and says so") {
  RealtimeRig rig({50, {}}, true);
  rig.engine->start();
  CHECK(has(only(rig.engine->notes()), "as fast as it can"));
}
