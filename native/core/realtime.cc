#include "realtime.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace iio {

namespace {

std::vector<uint32_t> allowedCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<uint32_t> out;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return out;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
  return out;
}

// `0-3,7`
std::string ranges(const std::vector<uint32_t>& cpus) {
  std::string out;
  for (size_t i = 0; i < cpus.size();) {
    size_t end = i;
    while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1) ++end;
    if (!out.empty()) out += ",";
    out += std::to_string(cpus[i]);
    if (end > i) out += "-" + std::to_string(cpus[end]);
    i = end + 1;
  }
  return out;
}

std::string priorityNote(int priority, int err, int64_t limit) {
  const std::string asked =
      "Real-time priority " + std::to_string(priority) + " is not in force: ";
  if (err != EPERM) return asked + std::strerror(err) + ". The stream runs with the usual one.";
  if (limit >= priority)
    return asked +
           "the limit allows it, but the kernel gives this program's group no real-time "
           "(cpu.rt_runtime_us). Run it outside of that group.";
  return asked + "this user may have at most " + std::to_string(std::max<int64_t>(0, limit)) +
         " (ulimit -r). Put the line \"@iio - rtprio " + std::to_string(priority) +
         "\" into /etc/security/limits.d/60-iio-studio.conf and log in again, or give the program "
         "CAP_SYS_NICE.";
}

}  // namespace

std::vector<std::string> realtimeNotes(const RealtimeSpec& spec, const RealtimeAnswer& answer) {
  std::vector<std::string> notes;
  if (spec.priority > 0 && answer.priorityErr != 0)
    notes.push_back(priorityNote(spec.priority, answer.priorityErr, answer.priorityLimit));
  std::vector<uint32_t> missing;
  for (uint32_t cpu : spec.cpus)
    if (std::find(answer.cpusAllowed.begin(), answer.cpusAllowed.end(), cpu) ==
        answer.cpusAllowed.end())
      missing.push_back(cpu);
  if (!missing.empty()) {
    std::sort(missing.begin(), missing.end());
    const bool one = missing.size() == 1;
    notes.push_back((one ? "CPU " : "CPUs ") + ranges(missing) +
                    (one ? " does not exist or is" : " do not exist or are") +
                    " not for this program. Choose of " + ranges(answer.cpusAllowed) + ".");
  } else if (!spec.cpus.empty() && answer.affinityErr != 0) {
    notes.push_back(std::string("The acquisition thread runs on any CPU: ") +
                    std::strerror(answer.affinityErr) +
                    ". Look at the limits of its group (cpuset).");
  }
  return notes;
}

std::vector<std::string> applyRealtime(pthread_t thread, const RealtimeSpec& spec) {
  RealtimeAnswer answer;
  if (spec.priority > 0) {
    rlimit limit{};
    if (getrlimit(RLIMIT_RTPRIO, &limit) == 0)
      answer.priorityLimit = limit.rlim_cur == RLIM_INFINITY
                                 ? kMostPriority
                                 : static_cast<int64_t>(limit.rlim_cur);
    sched_param param{};
    param.sched_priority = spec.priority;
    answer.priorityErr = pthread_setschedparam(thread, SCHED_FIFO, &param);
  }
  if (!spec.cpus.empty()) {
    answer.cpusAllowed = allowedCpus();
    cpu_set_t set;
    CPU_ZERO(&set);
    size_t usable = 0;
    for (uint32_t cpu : spec.cpus) {
      if (std::find(answer.cpusAllowed.begin(), answer.cpusAllowed.end(), cpu) ==
          answer.cpusAllowed.end())
        continue;
      CPU_SET(cpu, &set);
      ++usable;
    }
    if (usable > 0) answer.affinityErr = pthread_setaffinity_np(thread, sizeof set, &set);
  }
  return realtimeNotes(spec, answer);
}

}  // namespace iio
