#include "open-stream.h"

namespace iio::binding {
namespace {

Fault closedFault() {
  return {ECANCELED, "", "", "The stream is closed. Start it again to go on."};
}

Simulator* simulatorOf(Stream& stream) {
  return dynamic_cast<Simulator*>(&stream.engine().transport());
}

}  // namespace

OpenStream::OpenStream(StreamOptions options, std::function<void()> news)
    : options_(std::move(options)), news_(std::move(news)) {
  options_.engine.allocation = &allocation_;
}

std::unique_ptr<Transport> OpenStream::makeTransport() {
  if (simulated()) {
    std::lock_guard lock(lock_);  // waveforms may change until the simulator is there
    return Simulator::create(std::get<SimulatorSpec>(options_.source));
  }
  KernelSource source = std::get<KernelSource>(options_.source);
  control_ = makeControl("enable", options_.deadlineMs, 16);
  source.spec.control = control_;
  return source.dmabuf ? makeDmabufTransport(std::move(source.spec))
                       : makeReadTransport(std::move(source.spec));
}

std::shared_ptr<Stream> OpenStream::make() {
  auto arena = makeArena(options_.arena, allocation_);
  auto transport = makeTransport();
  auto made = std::make_shared<Stream>(options_.engine, std::move(arena), std::move(transport),
                                       options_.pyramidBytes);
  made->engine().onNews(news_);
  made->store().onNews(news_);
  return made;
}

void OpenStream::start() {
  std::lock_guard lifecycle(lifecycle_);
  {
    std::lock_guard lock(lock_);
    if (closed_) throw CoreError(closedFault());
    if (started_)
      throw CoreError(Fault{EALREADY, "", "", "The stream was started before. Open a new one."});
    started_ = true;
  }
  const auto made = makeOnce();
  try {
    allocation_.check();
    made->start();
    std::lock_guard lock(lock_);
    running_ = true;
  } catch (const CoreError& error) {
    std::lock_guard lock(lock_);
    startFault_ = error.fault;
    throw;
  }
}

std::shared_ptr<Stream> OpenStream::makeOnce() {
  {
    std::lock_guard lock(lock_);
    if (closed_) throw CoreError(closedFault());
    if (stream_) return stream_;
  }
  try {
    auto made = make();
    std::lock_guard lock(lock_);
    stream_ = made;
    if (trigger_) made->store().setTrigger(trigger_);
    if (auto* simulator = simulatorOf(*made); simulator && fault_ != SimulatedFault::None)
      simulator->fault(fault_);
    return made;
  } catch (const CoreError& error) {
    std::lock_guard lock(lock_);
    startFault_ = error.fault;
    throw;
  }
}

void OpenStream::stop() noexcept {
  std::lock_guard lifecycle(lifecycle_);
  if (const auto running = streamIfAny()) running->stop();
}

void OpenStream::finishRecordings() noexcept {
  std::vector<std::weak_ptr<Recorder>> recorders;
  {
    std::lock_guard lock(lock_);
    recorders.swap(recorders_);
  }
  for (const auto& weak : recorders)
    if (const auto recorder = weak.lock()) recorder->finish();
}

void OpenStream::close() noexcept {
  cancelStart();
  std::lock_guard lifecycle(lifecycle_);
  std::shared_ptr<Stream> stream;
  {
    std::lock_guard lock(lock_);
    if (closed_) return;
    closed_ = true;
    stream = stream_;
  }
  if (stream) {
    stream->stop();
    finishRecordings();
    stream->engine().onNews({});
    stream->store().onNews({});
    const Counters last{stream->engine().counters(), stream->store().status()};
    stream->close();
    std::lock_guard lock(lock_);
    last_ = last;
    stream_.reset();
    pins_.clear();
  }
  stream.reset();
  if (control_) control_->close();
  std::lock_guard lock(lock_);
  last_.engine.state = EngineState::Closed;
}

std::shared_ptr<Recorder> OpenStream::record(RecordingOptions options) {
  auto running = streamIfAny();
  if (!running) {
    // Before the start: the recorder is there for the first block.
    std::lock_guard lifecycle(lifecycle_);
    running = makeOnce();
  }
  return keep(running->record(std::move(options.spec)));
}

std::shared_ptr<Recorder> OpenStream::next(const Recorder* part, RecordingOptions options) {
  return keep(stream()->next(part, std::move(options.spec)));
}

std::shared_ptr<Recorder> OpenStream::keep(std::shared_ptr<Recorder> recorder) {
  recorder->onNews(news_);
  std::unique_lock lock(lock_);
  std::erase_if(recorders_, [](const auto& weak) { return weak.expired(); });
  recorders_.push_back(recorder);
  const bool closed = closed_;
  lock.unlock();
  if (closed) recorder->finish();
  return recorder;
}

std::shared_ptr<Stream> OpenStream::streamIfAny() const {
  std::lock_guard lock(lock_);
  return stream_;
}

std::shared_ptr<Stream> OpenStream::stream() const {
  std::lock_guard lock(lock_);
  if (closed_) throw CoreError(closedFault());
  if (!stream_)
    throw CoreError(startFault_ ? startFault_
                                : Fault{EAGAIN, "", "", "The stream has not started yet."});
  return stream_;
}

OpenStream::Counters OpenStream::counters() const {
  std::shared_ptr<Stream> stream;
  {
    std::lock_guard lock(lock_);
    stream = stream_;
    if (!stream) {
      Counters out = last_;
      if (startFault_ && !closed_) {
        out.engine.state = EngineState::Failed;
        out.engine.fault = startFault_;
      }
      return out;
    }
  }
  Counters out{stream->engine().counters(), stream->store().status()};
  std::lock_guard lock(lock_);
  if (startFault_ && !out.engine.fault) {
    out.engine.state = EngineState::Failed;
    out.engine.fault = startFault_;
  }
  return out;
}

std::vector<std::string> OpenStream::notes() const {
  std::lock_guard lock(lock_);
  if (!stream_ || !running_) return {};
  std::vector<std::string> notes = stream_->engine().transport().notes();
  for (std::string& note : stream_->engine().notes()) notes.push_back(std::move(note));
  return notes;
}

void OpenStream::setTrigger(std::optional<TriggerSpec> trigger) {
  std::lock_guard lock(lock_);
  trigger_ = trigger;
  if (stream_) stream_->store().setTrigger(std::move(trigger));
}

void OpenStream::setSimulator(std::vector<SimulatedElement> elements) {
  std::lock_guard lock(lock_);
  std::get<SimulatorSpec>(options_.source).elements = elements;
  if (stream_)
    if (auto* simulator = simulatorOf(*stream_)) simulator->setElements(std::move(elements));
}

void OpenStream::setFault(SimulatedFault fault) {
  std::lock_guard lock(lock_);
  fault_ = fault;
  if (stream_)
    if (auto* simulator = simulatorOf(*stream_)) simulator->fault(fault);
}

void OpenStream::pin(const std::string& key, int64_t& fromScan, int64_t& toScan) {
  const auto running = stream();
  const PinId made = running->pin(fromScan, toScan);
  std::unique_lock lock(lock_);
  const auto [place, isNew] = pins_.try_emplace(key, made);
  if (isNew) return;
  const PinId before = place->second;
  place->second = made;
  lock.unlock();
  running->unpin(before);
}

void OpenStream::unpin(const std::string& key) {
  const auto running = streamIfAny();
  std::unique_lock lock(lock_);
  const auto found = pins_.find(key);
  if (found == pins_.end()) return;
  const PinId pin = found->second;
  pins_.erase(found);
  lock.unlock();
  if (running) running->unpin(pin);
}

}  // namespace iio::binding
