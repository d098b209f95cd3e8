#include "options.h"

#include <cmath>

namespace iio::binding {
namespace {

constexpr size_t kMostElements = 1024;
constexpr int64_t kMostScanBytes = 1 << 20;
constexpr int64_t kMostBlockBytes = int64_t{1} << 31;
constexpr int64_t kMostBlocks = 65536;
constexpr size_t kMostCaptures = 1 << 22;  // the store itself takes fewer
constexpr double kMostRateHz = 1e12;
constexpr double kMostFrequencyHz = 1e12;

ScanElement readElement(const Field& field, uint32_t scanBytes) {
  ScanElement e;
  e.storageBits = uint16_t(field["storageBits"].integer(8, 64));
  if (e.storageBits % 8 || e.storageBits == 40 || e.storageBits == 48 || e.storageBits == 56)
    field["storageBits"].refuse("must be 8, 16, 24, 32 or 64.");
  e.bits = uint16_t(field["bits"].integer(1, e.storageBits));
  e.shift = uint16_t(field["shift"].integer(0, e.storageBits - e.bits));
  e.repeat = uint16_t(field["repeat"].integer(1, 4096));
  e.kind = NumberKind(field["kind"].choice({"s", "u", "f"}));
  if (e.kind == NumberKind::Float && e.storageBits != 16 && e.storageBits != 32 &&
      e.storageBits != 64)
    field["storageBits"].refuse("of a float must be 16, 32 or 64.");
  e.bigEndian = field["bigEndian"].boolean();
  const int64_t bytes = int64_t{e.repeat} * e.storageBits / 8;
  if (bytes > scanBytes) field.refuse("is larger than a scan.");
  e.offsetBytes = uint32_t(field["offsetBytes"].integer(0, scanBytes - bytes));
  return e;
}

ArenaSpec readArena(const Field& field) {
  ArenaSpec arena;
  arena.kind = ArenaKind(field["kind"].choice({"heap", "udmabuf", "pages"}));
  arena.devicePath = field["devicePath"].path(arena.kind == ArenaKind::Pages);
  arena.blockCount = uint32_t(field["blockCount"].integer(2, kMostBlocks));
  arena.allocatedBytes = uint32_t(field["allocatedBytes"].integer(4096, kMostBlockBytes));
  if (arena.allocatedBytes % 4096)
    field["allocatedBytes"].refuse("must be a multiple of 4,096, a page.");
  return arena;
}

RealtimeSpec readRealtime(const Field& field) {
  RealtimeSpec realtime;
  realtime.priority = int(field["priority"].integer(0, kMostPriority));
  for (const Field& cpu : field["cpus"].items(kMostCpus))
    realtime.cpus.push_back(uint32_t(cpu.integer(0, kMostCpus - 1)));
  return realtime;
}

EngineSpec readEngine(const Field& field, const ArenaSpec& arena) {
  EngineSpec engine;
  engine.layout = readLayout(field["layout"]);
  const Field payload = field["payloadBytes"];
  engine.payloadBytes = uint32_t(payload.integer(1, arena.allocatedBytes));
  if (engine.payloadBytes % engine.layout.scanBytes)
    payload.refuse("must be a multiple of a scan, " + std::to_string(engine.layout.scanBytes) +
                   " bytes.");
  engine.queueDepth = uint32_t(field["queueDepth"].integer(1, arena.blockCount - 1));
  engine.rateHz = field["rateHz"].number(0, kMostRateHz);
  for (const Field& element : field["counter"].items(8)) {
    engine.counter.push_back(element.index(engine.layout.elements.size()));
    if (engine.layout.elements[engine.counter.back()].kind == NumberKind::Float)
      element.refuse("names a float, which can't count scans.");
  }
  engine.timestampGaps = field["timestampGaps"].boolean();
  if (field.has("proveOverwritten")) engine.proveOverwritten = field["proveOverwritten"].boolean();
  if (engine.timestampGaps && engine.layout.timestamp < 0)
    field["timestampGaps"].refuse("needs a timestamp element in the layout.");
  if (field.has("realtime") && !field["realtime"].isNull())
    engine.realtime = readRealtime(field["realtime"]);
  return engine;
}

KernelSource readKernelSource(const Field& field, bool dmabuf, const StreamOptions& options) {
  KernelSource source;
  source.dmabuf = dmabuf;
  source.spec.devicePath = field["devicePath"].path(false);
  source.spec.bufferIndex = uint32_t(field["bufferIndex"].integer(0, 1023));
  source.spec.enablePath = field["enablePath"].path(false);
  source.spec.presencePath = field["devicePresencePath"].path(false);
  if (dmabuf && field.has("waits")) source.spec.waits = field["waits"].boolean();
  source.spec.deadlineMs = options.deadlineMs;
  source.spec.scanBytes = options.engine.layout.scanBytes;
  source.spec.rateHz = options.engine.rateHz;
  return source;
}

SimulatorSpec readSimulator(const Field& field, const EngineSpec& engine) {
  SimulatorSpec spec;
  spec.layout = engine.layout;
  spec.elements = readSimulatedElements(field["channels"], engine.layout.elements.size());
  spec.max = field["max"].boolean();
  spec.rateHz = engine.rateHz;
  spec.seed = uint64_t(field["seed"].integer(0, kMostExact));
  if (!spec.max && spec.rateHz <= 0) field["max"].refuse("must be true if the stream has no rate.");
  return spec;
}

TraceSpec readTrace(const Field& field, const ScanLayout& layout) {
  TraceSpec trace;
  trace.part = TracePart(field["part"].choice({"value", "magnitude", "phase"}));
  trace.element = field["element"].index(layout.elements.size());
  trace.scale = field["scale"].number();
  trace.offset = field["offset"].number();
  auto component = [&](const char* name, uint32_t element) {
    return field.has(name) ? field[name].index(layout.elements[element].repeat) : 0;
  };
  trace.component = component("component", trace.element);
  if (trace.part == TracePart::Value) return trace;
  trace.elementQ = field["elementQ"].index(layout.elements.size());
  trace.scaleQ = field["scaleQ"].number();
  trace.offsetQ = field["offsetQ"].number();
  trace.componentQ = component("componentQ", trace.elementQ);
  return trace;
}

RangeSpec readRange(const Field& field) {
  constexpr double kMost = double(kMostExact);
  switch (field["kind"].choice({"follow", "trigger", "range", "all"})) {
    case 0:
      return FollowRange{field["scans"].number(0, kMost)};
    case 1:
      return TriggerRange{field["preScans"].number(-kMost, kMost),
                          field["postScans"].number(-kMost, kMost),
                          field["mode"].choice({"auto", "normal"}) == 0};
    case 2:
      return FixedRange{field["fromScan"].number(-kMost, kMost),
                        field["toScan"].number(-kMost, kMost)};
    default:
      return WholeRange{};
  }
}

CaptureSpec readCaptureSpec(const Field& field) {
  constexpr double kMost = double(kMostExact);
  return {field["preScans"].number(0, kMost), field["postScans"].number(0, kMost),
          field["limit"].integer(0, kMostExact)};
}

OutputSpec readOutput(const Field& field, const ScanLayout& layout) {
  OutputSpec output;
  output.path = field["path"].path(false);
  output.verbatim = field["verbatim"].boolean();
  if (output.verbatim) return output;
  for (const Field& element : field["elements"].items(kMostElements))
    output.elements.push_back(
        {element["element"].index(layout.elements.size()),
         OutputType(element["as"].choice(
             {"i8", "u8", "i16", "u16", "i32", "u32", "f32", "f64", "i64-as-2u32", "stored"}))});
  return output;
}

// A whole number of a column.
int64_t whole(const Field& field, size_t i, double value, double least) {
  if (!(value >= least) || value > double(kMostExact) || value != std::floor(value))
    field.refuse("holds, at " + std::to_string(i) + ", what is no whole number of scans.");
  return int64_t(value);
}

std::vector<PlacedGap> readCaptures(const Field& field) {
  const Field scan = field["scan"], sample = field["sample"], timeNs = field["timeNs"];
  const Field lost = field["lost"], lostMin = field["lostMin"], lostMax = field["lostMax"];
  const Field grade = field["grade"], cause = field["cause"];
  const size_t count = scan.column<double>().size();
  if (count > kMostCaptures)
    field.refuse("must have at most " + std::to_string(kMostCaptures) + " items.");
  const auto samples = sample.column<double>(count), losts = lost.column<double>(count);
  const auto mins = lostMin.column<double>(count), maxes = lostMax.column<double>(count);
  const auto grades = grade.column<uint8_t>(count), causes = cause.column<uint8_t>(count);
  const auto times = timeNs.column<int64_t>(count);
  const auto scans = scan.column<double>(count);
  std::vector<PlacedGap> captures(count);
  for (size_t i = 0; i < count; ++i) {
    PlacedGap& capture = captures[i];
    capture.scan = whole(scan, i, scans[i], 0);
    capture.sample = whole(sample, i, samples[i], 0);
    if (i > 0 && capture.sample < captures[i - 1].sample) sample.refuse("must be sorted.");
    capture.timeNs = times[i];
    capture.gap.lost = whole(lost, i, losts[i], 0);
    capture.gap.lostMin = whole(lostMin, i, mins[i], 0);
    capture.gap.lostMax = whole(lostMax, i, maxes[i], -1);
    if (grades[i] > uint8_t(Grade::Unknown)) grade.refuse("holds what is no grade.");
    if (causes[i] > uint8_t(GapCause::Resumed)) cause.refuse("holds what is no cause.");
    capture.gap.grade = Grade(grades[i]);
    capture.gap.cause = GapCause(causes[i]);
  }
  return captures;
}

}  // namespace

ScanLayout readLayout(const Field& field) {
  ScanLayout layout;
  layout.scanBytes = uint32_t(field["scanBytes"].integer(1, kMostScanBytes));
  for (const Field& element : field["elements"].items(kMostElements))
    layout.elements.push_back(readElement(element, layout.scanBytes));
  if (layout.elements.empty()) field["elements"].refuse("must name at least one element.");
  const Field timestamp = field["timestamp"];
  layout.timestamp = int(timestamp.integer(-1, int64_t(layout.elements.size()) - 1));
  if (layout.timestamp >= 0 && layout.elements[size_t(layout.timestamp)].storageBits != 64)
    timestamp.refuse("must name an element of 64 bits.");
  return layout;
}

StreamOptions readStreamOptions(const Field& field) {
  StreamOptions options;
  options.arena = readArena(field["arena"]);
  options.engine = readEngine(field, options.arena);
  options.pyramidBytes = uint64_t(field["pyramidBytes"].integer(0, kMostExact));
  options.deadlineMs = field["deadlineMs"].integer(1, 600'000);
  const Field source = field["source"];
  const size_t kind = source["kind"].choice({"dmabuf", "read", "simulator"});
  if (kind == 0 && options.arena.kind == ArenaKind::Pages)
    field["arena"]["kind"].refuse("must be heap or udmabuf for a dmabuf source.");
  if (kind == 2)
    options.source = readSimulator(source, options.engine);
  else
    options.source = readKernelSource(source, kind == 0, options);
  return options;
}

std::vector<SimulatedElement> readSimulatedElements(const Field& field, size_t count) {
  std::vector<SimulatedElement> elements;
  for (const Field& channel : field.items(kMostElements)) {
    SimulatedElement e;
    e.waveform =
        Waveform(channel["waveform"].choice({"sine", "square", "triangle", "sweep", "noise",
                                             "pulses", "counter", "timestamp", "constant"}));
    e.frequencyHz = channel["frequencyHz"].number(0, kMostFrequencyHz);
    e.frequencyEndHz = channel["frequencyEndHz"].number(0, kMostFrequencyHz);
    e.sweepSeconds = channel["sweepSeconds"].number(0, 1e9);
    e.amplitude = channel["amplitude"].number();
    e.offset = channel["offset"].number();
    e.noise = channel["noise"].number();
    e.phase = channel["phase"].number();
    e.duty = channel["duty"].number(0, 1);
    e.glitchEvery = uint32_t(channel["glitchEvery"].integer(0, UINT32_MAX));
    elements.push_back(e);
  }
  if (elements.size() != count)
    field.refuse("must have one item for each of the " + std::to_string(count) + " elements.");
  return elements;
}

SimulatedFault readFault(const Field& field) {
  constexpr SimulatedFault kFaults[] = {SimulatedFault::Stall, SimulatedFault::LostBlocks,
                                        SimulatedFault::TransferError, SimulatedFault::Vanish,
                                        SimulatedFault::None};
  return kFaults[field.choice({"stall", "lost-blocks", "transfer-error", "vanish", "none"})];
}

Query readQuery(const Field& field, const ScanLayout& layout) {
  Query query;
  for (const Field& trace : field["traces"].items(64))
    query.traces.push_back(readTrace(trace, layout));
  query.range = readRange(field["range"]);
  query.columns = uint32_t(field["columns"].integer(1, 65536));
  return query;
}

TriggerSpec readTrigger(const Field& field, const ScanLayout& layout) {
  TriggerSpec trigger;
  trigger.trace = readTrace(field["trace"], layout);
  trigger.rising = field["edge"].choice({"rising", "falling"}) == 0;
  trigger.level = field["level"].number();
  trigger.hysteresis = field["hysteresis"].number(0, 1e308);
  return trigger;
}

RecordingOptions readRecordingOptions(const Field& field, const ScanLayout& layout) {
  RecordingOptions options;
  for (const Field& output : field["outputs"].items(64))
    options.spec.outputs.push_back(readOutput(output, layout));
  if (options.spec.outputs.empty()) field["outputs"].refuse("must name at least one file.");
  if (field.has("indexPaths"))
    for (const Field& path : field["indexPaths"].items(64))
      options.spec.indexPaths.push_back(path.path(true));
  options.spec.journalPath = field["journalPath"].path(false);
  const auto header = field["journalHeader"].bytes();
  options.spec.journalHeader.assign(header.begin(), header.end());
  options.spec.scans = field["scans"].integer(0, kMostExact);
  options.spec.freeFloorBytes = field["freeFloorBytes"].integer(0, kMostExact);
  options.spec.fromScan = field["fromScan"].integer(-1, kMostExact);
  if (field.has("toScan")) options.spec.toScan = field["toScan"].integer(-1, kMostExact);
  if (field.has("partScans")) options.spec.partScans = field["partScans"].integer(0, kMostExact);
  if (field.has("writePath"))
    options.spec.writePath = WritePath(field["writePath"].choice({"auto", "direct", "buffered"}));
  if (field.has("captures") && !field["captures"].isNull())
    options.spec.captures = readCaptureSpec(field["captures"]);
  return options;
}

FileStoreSpec readFileStoreOptions(const Field& field) {
  FileStoreSpec spec;
  spec.path = field["path"].path(false);
  spec.headerBytes = field["headerBytes"].integer(0, kMostExact);
  spec.layout = readLayout(field["layout"]);
  spec.rateHz = field["rateHz"].number(0, kMostRateHz);
  spec.captures = readCaptures(field["captures"]);
  spec.firstTimeNs = field["firstTimeNs"].time();
  if (field.has("indexPath")) spec.indexPath = field["indexPath"].path(true);
  return spec;
}

}  // namespace iio::binding
