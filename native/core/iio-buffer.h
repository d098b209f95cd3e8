// What both transports do with a buffer: open it, switch it on and off, and see whether its device
// is still there.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "iio-sys.h"
#include "iio-transport.h"

namespace iio {

// The buffer's file by IIO_BUFFER_GET_FD_IOCTL, non-blocking. EBUSY is tried again for about a
// second, because the kernel may still be closing for whoever had it before; then the fault names
// the holder. Throws CoreError. `orDevice`: a kernel without buffer files (before 5.11) offers
// buffer 0 at the device node itself: answer that.
SysFd openBuffer(Sys& sys, const std::string& devicePath, uint32_t index, bool orDevice = false);

enum class SwitchState : uint8_t { Off, On, Gone, NoAnswer };

// The `enable` attribute of a buffer, reached through the device's control thread.
class BufferSwitch {
 public:
  BufferSwitch(Sys& sys, const IioSourceSpec& spec);

  // Whether the device is there: its directory, or between watch() and unwatch() an attribute of it
  // that is held open, which costs one poll and can't be taken for that of a device that came
  // since.
  bool present() const;
  void watch();
  void unwatch() noexcept { witness_.reset(); }
  SwitchState state() const;
  // The same without waiting: asks, unless a question is still open, and answers what the last one
  // found (NoAnswer before the first).
  SwitchState askState();
  // Both answer an empty fault if it is as wanted now.
  Fault on();
  Fault off();
  // Throws CoreError if this is a buffer that samples are sent through.
  void refuseOutput() const;
  // To be called once nobody else can hold the buffer. One left on by a program that died is
  // switched off; blocks that were queued for a run that never began are taken back (see
  // leaveQueued). Adds a note for the user. Throws CoreError.
  void clear(std::vector<std::string>& notes);

  // ENQUEUE before a first successful enable: until the buffer runs the kernel can't give such
  // blocks back, keeps their memory, and no read() works on the buffer any more. The next clear()
  // of this process runs it once to free them.
  void leaveQueued() const;

 private:
  Fault write(const char* text);
  int64_t readWitness() const;  // to its end: 0, or -errno
  Sys& sys_;
  std::string enablePath_, presencePath_, devicePath_;
  std::shared_ptr<Control> control_;
  SysFd witness_;  // none: the directory tells
  struct Question {
    std::atomic<SwitchState> answer{SwitchState::NoAnswer};
    std::atomic<bool> answered{false};
  };
  std::shared_ptr<Question> asked_;  // the last one
  SwitchState answer_ = SwitchState::NoAnswer;
};

// The faults that say that the device went, and that someone else switched its buffer off.
Fault vanishedFault(const std::string& devicePath);
Fault switchedOffFault(const std::string& devicePath);

}  // namespace iio
