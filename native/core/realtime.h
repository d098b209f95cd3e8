// Real-time priority and CPUs of a thread, as far as the system permits. Nothing here is ever fatal:
// what was refused is a sentence with the fix.
#pragma once
#include <pthread.h>

#include <cstdint>
#include <string>
#include <vector>

namespace iio {

struct RealtimeSpec {
  int priority = 0;            // of SCHED_FIFO, 1 … 99; 0: as other threads
  std::vector<uint32_t> cpus;  // empty: any
  bool empty() const { return priority == 0 && cpus.empty(); }
};

inline constexpr int kMostPriority = 99;
inline constexpr uint32_t kMostCpus = 1024;  // CPU_SETSIZE

// How a system answered.
struct RealtimeAnswer {
  int priorityErr = 0, affinityErr = 0;  // errno; 0: taken
  int64_t priorityLimit = 0;             // RLIMIT_RTPRIO
  std::vector<uint32_t> cpusAllowed;     // for this program, ascending
};

// A sentence for each thing that is not as asked.
std::vector<std::string> realtimeNotes(const RealtimeSpec& spec, const RealtimeAnswer& answer);

// Sets a thread that runs; answers realtimeNotes().
std::vector<std::string> applyRealtime(pthread_t thread, const RealtimeSpec& spec);

}  // namespace iio
