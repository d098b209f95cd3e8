// Recorder: samples go from the pool to the file on a thread of its own, with the journal beside them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "consumer.h"
#include "error.h"
#include "layout.h"

namespace iio {

enum class OutputType : uint8_t { I8, U8, I16, U16, I32, U32, F32, F64, I64As2U32 };

struct OutputElement {
  uint32_t element = 0;
  OutputType as = OutputType::I16;
};

struct OutputSpec {
  std::string path;
  bool verbatim = true;                 // whole scans as they are
  std::vector<OutputElement> elements;  // otherwise: in output order, one pass
};

struct RecorderSpec {
  ScanLayout layout;
  std::vector<OutputSpec> outputs;
  std::string journalPath;
  std::vector<std::byte> journalHeader;
  int64_t scans = 0;  // 0: until stopped
  int64_t freeFloorBytes = 0;
  bool directIo = false;  // the arena's answer
  uint32_t blockCount = 0;
};

enum class RecorderState : uint8_t { Recording, Done, Failed };

struct RecorderStatus {
  RecorderState state = RecorderState::Recording;
  Fault fault;
  int64_t scans = 0, bytes = 0, firstScan = 0;
  double seconds = 0;
  uint32_t backlogBlocks = 0;
  double worstWriteMs = 0;
  int64_t freeBytes = 0;
  uint64_t gaps = 0;
  int64_t lost = 0, lostMin = 0, lostMax = 0;
  Grade grade = Grade::Exact;
  double copiesPerByte = 0, cpuSeconds = 0;
  bool directWrites = false;
};

class Recorder : public Consumer {
 public:
  // Creates the files (EEXIST if one is there already; then nothing is touched) and starts the writer.
  static std::shared_ptr<Recorder> create(RecorderSpec spec, Leases& leases);
  virtual RecorderStatus status() const = 0;
  virtual void appendEvent(std::vector<std::byte> bytes) = 0;
  // Writes what is held, truncates to what was measured, syncs, closes. Waits; not from the JavaScript thread.
  virtual RecorderStatus finish() = 0;
  virtual void onNews(std::function<void()> listener) = 0;
};

}  // namespace iio
