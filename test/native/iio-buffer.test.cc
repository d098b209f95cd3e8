#include "iio-buffer.h"

#include <doctest/doctest.h>

#include "iio-fake-kernel.h"

using namespace iio;

namespace {

// Keeps every question until the test answers it.
class SlowControl final : public Control {
 public:
  void submit(Request, std::function<void(ControlReply)> done) override {
    open.push_back(std::move(done));
  }
  void readAll(std::vector<std::string>, std::function<void(std::vector<ControlReply>)>) override {}
  ControlReply call(Request) override { return {}; }
  void close() noexcept override {}

  void answer(ControlReply reply) {
    REQUIRE_FALSE(open.empty());
    const auto done = std::move(open.front());
    open.pop_front();
    done(std::move(reply));
  }
  std::deque<std::function<void(ControlReply)>> open;
};

ControlReply text(const char* value) { return {.fault = {}, .text = value, .entries = {}}; }
ControlReply failed(int err) {
  return {.fault = makeFault(err, "read", "enable"), .text = {}, .entries = {}};
}

}  // namespace

TEST_CASE(
    "the state of a buffer is asked again after a question without an answer, one at a time") {
  fakes::FakeKernel kernel;
  const auto control = std::make_shared<SlowControl>();
  IioSourceSpec spec;
  spec.control = control;
  BufferSwitch buffer(kernel, spec);
  CHECK(buffer.askState() == SwitchState::NoAnswer);
  CHECK(buffer.askState() == SwitchState::NoAnswer);
  CHECK(control->open.size() == 1);  // still open: not asked twice
  control->answer(failed(ETIMEDOUT));
  CHECK(buffer.askState() == SwitchState::NoAnswer);
  control->answer(text("1\n"));
  CHECK(buffer.askState() == SwitchState::On);
  control->answer(failed(EIO));
  CHECK(buffer.askState() == SwitchState::NoAnswer);
  control->answer(text("0\n"));
  CHECK(buffer.askState() == SwitchState::Off);
  CHECK(control->open.size() == 1);
}
