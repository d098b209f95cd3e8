#include "iio-buffer.h"

#include <fcntl.h>

#include <mutex>
#include <set>

#include "probe-holder.h"
#include "uapi.h"

namespace iio {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kBusyNs = 1000 * kMillisecond;

class LeftQueued {
 public:
  void add(const std::string& path) {
    const std::lock_guard lock(mutex_);
    paths_.insert(path);
  }
  bool take(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return paths_.erase(path) > 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> paths_;
};

LeftQueued& leftQueued() {
  static LeftQueued paths;
  return paths;
}

CoreError busy(const char* call, const std::string& devicePath) {
  const std::string holder = findHolder(devicePath);
  return CoreError(makeFault(EBUSY, call, devicePath,
                             holder.empty()
                                 ? "Another program uses this device: close it there first."
                                 : "It is held by " + holder + ": close it there first."));
}

const char* adviceForOpen(int err) {
  switch (err) {
    case EACCES:
    case EPERM:
      return "Install the udev rule and join its group, then plug the device in again.";
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return "The device or this buffer of it has gone.";
    case EMFILE:
    case ENFILE:
      return "Too many files are open: use fewer blocks.";
    default:
      return "";
  }
}

SwitchState answerOf(const ControlReply& reply) {
  if (reply.fault) return SwitchState::NoAnswer;
  return reply.text.starts_with('1') ? SwitchState::On : SwitchState::Off;
}

// Repeats a call that answers EBUSY with growing pauses, for about a second.
template <typename Call>
int patiently(Sys& sys, Call call) {
  const int64_t until = sys.nowNs() + kBusyNs;
  int64_t pause = 2 * kMillisecond;
  for (;;) {
    const int result = call();
    if (result != -EBUSY || sys.nowNs() >= until) return result;
    sys.sleepNs(pause);
    pause = std::min<int64_t>(pause * 2, 100 * kMillisecond);
  }
}

}  // namespace

SysFd openBuffer(Sys& sys, const std::string& devicePath, uint32_t index, bool orDevice) {
  const int device =
      patiently(sys, [&] { return sys.open(devicePath.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK); });
  if (device == -EBUSY) throw busy("open", devicePath);
  if (device < 0) throw CoreError(makeFault(-device, "open", devicePath, adviceForOpen(-device)));
  SysFd deviceFd(sys, device);
  int fd = 0;
  const int result = patiently(sys, [&] {
    fd = static_cast<int>(index);
    return sys.ioctl(deviceFd.get(), uapi::kBufferGetFd, &fd);
  });
  if (orDevice && index == 0 && (result == -ENODEV || result == -ENOTTY || result == -EINVAL))
    return deviceFd;
  constexpr const char* call = "ioctl(IIO_BUFFER_GET_FD)";
  if (result == -EBUSY) throw busy(call, devicePath);
  if (result < 0) throw CoreError(makeFault(-result, call, devicePath, adviceForOpen(-result)));
  SysFd buffer(sys, fd);
  if (const int err = sys.setNonBlocking(fd); err < 0)
    throw CoreError(makeFault(-err, "fcntl(O_NONBLOCK)", devicePath));
  return buffer;
}

BufferSwitch::BufferSwitch(Sys& sys, const IioSourceSpec& spec)
    : sys_(sys),
      enablePath_(spec.enablePath),
      presencePath_(spec.presencePath),
      devicePath_(spec.devicePath),
      control_(spec.control) {}

// kernfs_fop_poll answers POLLERR for an attribute that was removed, and for one whose value was
// announced as changed since it was read; a read tells which, with ENODEV for the first, once what
// seq_file holds of the last read has been taken.
bool BufferSwitch::present() const {
  if (!witness_) return sys_.exists(presencePath_.c_str());
  pollfd witness{witness_.get(), 0, 0};
  if (sys_.poll(std::span(&witness, 1), 0) <= 0) return true;
  return readWitness() != -ENODEV;
}

int64_t BufferSwitch::readWitness() const {
  char text[256];
  int64_t result = 0;
  do {
    result = sys_.read(witness_.get(), text, sizeof text);
  } while (result > 0);
  return result;
}

// The core answers for `uevent`, no driver. Before its first read poll takes it for changed.
void BufferSwitch::watch() {
  const int fd = sys_.open((presencePath_ + "/uevent").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  witness_ = SysFd(sys_, fd);
  readWitness();
}

SwitchState BufferSwitch::state() const {
  const SwitchState answer = answerOf(control_->call({Control::Op::Read, enablePath_, {}, true}));
  return answer == SwitchState::NoAnswer && !present() ? SwitchState::Gone : answer;
}

SwitchState BufferSwitch::askState() {
  if (asked_ && !asked_->answered) return answer_;
  if (asked_) answer_ = asked_->answer;
  asked_ = std::make_shared<Question>();
  control_->submit({Control::Op::Read, enablePath_, {}, true},
                   [asked = asked_](const ControlReply& reply) {
                     asked->answer = answerOf(reply);
                     asked->answered = true;
                   });
  return answer_;
}

Fault BufferSwitch::write(const char* text) {
  return control_->call({Control::Op::Write, enablePath_, text, true}).fault;
}

Fault BufferSwitch::on() {
  Fault fault = write("1");
  if (fault.err == EINVAL)
    fault.message +=
        " The channel selection, a missing device trigger or a missing rate may be the cause: "
        "check them.";
  return fault;
}

Fault BufferSwitch::off() { return write("0"); }

void BufferSwitch::leaveQueued() const { leftQueued().add(enablePath_); }

void BufferSwitch::clear(std::vector<std::string>& notes) {
  if (state() == SwitchState::On) {
    leftQueued().take(enablePath_);
    if (const Fault fault = off()) throw CoreError(fault);
    notes.push_back("The buffer of " + devicePath_ +
                    " was still running for a program that has ended; it was switched off.");
  } else if (leftQueued().take(enablePath_)) {
    if (const Fault fault = on()) {
      leaveQueued();
      throw CoreError(fault);
    }
    if (const Fault fault = off()) throw CoreError(fault);
  }
}

// Kernels that know no outputs have no such attribute either.
void BufferSwitch::refuseOutput() const {
  const std::string path = enablePath_.substr(0, enablePath_.rfind('/') + 1) + "direction";
  const ControlReply reply = control_->call({Control::Op::Read, path, {}, true});
  if (reply.fault.err == ETIMEDOUT) throw CoreError(reply.fault);
  if (!reply.text.starts_with("out")) return;
  Fault fault = makeFault(EOPNOTSUPP, "open", devicePath_);
  fault.message = "This buffer of " + devicePath_ +
                  " sends samples out, and only inputs can be streamed. Choose an input buffer.";
  throw CoreError(std::move(fault));
}

Fault vanishedFault(const std::string& devicePath) {
  Fault fault = makeFault(ENODEV, "poll", devicePath);
  fault.message = "The device " + devicePath +
                  " has gone. Plug it in again to go on; what was taken so far is kept.";
  return fault;
}

Fault switchedOffFault(const std::string& devicePath) {
  Fault fault = makeFault(EINTR, "poll", devicePath);
  fault.message =
      "The buffer of " + devicePath + " was switched off by another program. Start again.";
  return fault;
}

}  // namespace iio
