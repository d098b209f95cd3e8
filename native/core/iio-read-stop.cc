// The end of a read() run: disable, take what the kernel still holds, give the blocks back.
#include <algorithm>
#include <utility>

#include "iio-kinds.h"
#include "iio-read.h"

namespace iio {
namespace {

// More reads than any buffer holds samples for: a driver that never says that it is empty ends
// here.
constexpr int kMostReads = 100'000;

}  // namespace

void ReadTransport::disable(std::span<Completion> out, size_t& count) noexcept {
  count = 0;
  std::vector<Completion> done;
  try {
    if (running_) {
      running_ = false;
      const bool present = end_ != WaitResult::Vanished && switch_.present();
      const Fault fault = present ? switch_.off() : vanishedFault(spec_.devicePath);
      if (fault && !fault_) fault_ = fault;
      // A refusal is worth another try in close(); a call that hangs may still get there.
      running_ = fault && fault.err != ETIMEDOUT && fault.err != ENODEV;
      // A call that is stuck holds the locks a read would wait for, without an end.
      if (!fault) drain(done);
    }
    giveBack(done);
  } catch (const std::exception&) {
    queue_.clear();
  }
  for (Completion& completion : done)
    if (count < out.size()) out[count++] = std::move(completion);
}

void ReadTransport::drain(std::vector<Completion>& done) {
  if (books_) return evenOut(done);
  for (int i = 0; i < kMostReads && !queue_.empty(); ++i) {
    std::optional<Completion> completion;
    const bool some = readOnce(completion, -1);
    if (completion) done.push_back(std::move(*completion));
    if (!some) return;
  }
}

// Finishes the half that is begun, and takes one more if the next run would begin with the wrong
// one. An aborted half holds nothing and read() then says EAGAIN, but it is taken all the same. No
// read if there was none before: there may be no halves at all.
void ReadTransport::evenOut(std::vector<Completion>& done) {
  if (books_->halves() == 0) return;
  std::vector<std::byte> scratch(spec_.scanBytes);
  for (int i = 0; i < kMostReads; ++i) {
    if (!books_->owesOne() && (books_->atBorder() || queue_.empty())) return;
    if (!queue_.empty()) {
      std::optional<Completion> completion;
      const bool some = readOnce(completion, -1);
      if (completion) done.push_back(std::move(*completion));
      if (!some) return;
    } else {
      const int64_t n = sys_.read(fd_.get(), scratch.data(), scratch.size());
      if (n <= 0) return;
      books_->took(scratch.size(), static_cast<uint64_t>(n), 0, 0);
    }
  }
}

void ReadTransport::giveBack(std::vector<Completion>& done) {
  if (!queue_.empty() && filled_ >= spec_.scanBytes) done.push_back(finish(sys_.nowNs()));
  for (const Queued& block : queue_) {
    Completion completion;
    completion.block = block.block;
    completion.status = CompletionStatus::Aborted;
    completion.timeNs = sys_.nowNs();
    done.push_back(completion);
    queued_[block.block] = false;
  }
  queue_.clear();
  filled_ = 0;
}

void ReadTransport::close() noexcept {
  try {
    if (std::exchange(running_, false)) switch_.off();
  } catch (const std::exception&) {
  }
  queue_.clear();
  fd_.reset();
}

std::unique_ptr<Transport> makeReadTransport(IioSourceSpec spec, Sys& sys) {
  return std::make_unique<ReadTransport>(std::move(spec), sys);
}

std::unique_ptr<Transport> makeReadTransport(IioSourceSpec spec) {
  return makeReadTransport(std::move(spec), realSys());
}

}  // namespace iio
