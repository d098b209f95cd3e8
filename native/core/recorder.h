// Recorder: samples go from the pool to the file on a thread of its own, with the journal beside
// them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture.h"
#include "consumer.h"
#include "error.h"
#include "layout.h"
#include "writer-path.h"

namespace iio {

// Stored: the storage word as it comes, shifted, in its byte order.
enum class OutputType : uint8_t { I8, U8, I16, U16, I32, U32, F32, F64, I64As2U32, Stored };

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
  // Of the side indexes (docs/index.md), one per output; "" or missing: none.
  std::vector<std::string> indexPaths;
  std::string journalPath;
  std::vector<std::byte> journalHeader;
  // Which of the blocks it is offered it takes, in scans of the stream. It begins with the block
  // that holds `fromScan` (-1: with the first one offered) and ends with the last one that begins
  // before `toScan` (-1: none): whole blocks, so that nothing is copied.
  int64_t fromScan = -1, toScan = -1;
  int64_t scans = 0;  // ends after exactly so many, within a block; 0: until stopped
  // The part is full when it holds so many; it ends before the first block after that for which the
  // next part is ready. 0: it is the only one.
  int64_t partScans = 0;
  // A part that goes on from another: it waits until that one hands over, and a loss between their
  // blocks is a gap before its first scan.
  bool goesOn = false;
  // Takes only the blocks around the scope trigger's crossings; the span and the number of scans
  // bound it as well.
  std::optional<CaptureSpec> captures;
  int64_t freeFloorBytes = 0;
  WritePath writePath = WritePath::Auto;
  bool directIo = false;      // the arena's answer: what is expected until the first write tells
  uint32_t payloadBytes = 0;  // of a full block; 0 if not known
  uint32_t blockCount = 0;
  double rateHz = 0;  // as set; 0 if not known. Tells when the first block began
  Proof proof;        // of the stream as the recording begins
};

// Withdrawn: it waited for a part before it that ended all. Its files are gone again.
enum class RecorderState : uint8_t { Recording, Done, Failed, Waiting, Withdrawn };

struct RecorderStatus {
  RecorderState state = RecorderState::Recording;
  Fault fault;
  Fault indexFault;              // a side index was given up; the recording goes on without
  int64_t scans = 0, bytes = 0;  // handed to the kernel; bytes of all outputs together
  int64_t firstScan = 0;         // in the stream
  int64_t endScan = 0;           // in the stream, after the last one handed to the kernel
  double seconds = 0;            // from the beginning of the first block to the last write
  uint32_t backlogBlocks = 0;    // leases held
  double worstWriteMs = 0;       // longest single write
  int64_t freeBytes = 0;         // on the disk of the first output
  uint64_t gaps = 0;             // within the recording: not the one before its first scan
  int64_t lost = 0, lostMin = 0, lostMax = 0;  // lostMax -1: no bound
  Grade grade = Grade::Unknown;                // of the stream's proof and its gaps, the worst
  double copiesPerByte = 0, cpuSeconds = 0;
  bool directWrites = false;  // O_DIRECT, for the first output
  WriteWayNow writeWay;       // of the first output
  uint32_t writesInFlight = 0;
  bool full = false;  // holds partScans
  // Captures that ended; crossings of which no block could be taken; captures that found no more
  // room in the list.
  uint64_t captures = 0, capturesMissed = 0, capturesUnlisted = 0;
};

class Recorder : public Consumer {
 public:
  // A recorder that takes blocks from now on, and holds them until begin(). Throws CoreError if the
  // spec makes no sense.
  static std::shared_ptr<Recorder> prepare(RecorderSpec spec, Leases& leases);
  // Creates the files (EEXIST if one is there already; then nothing is touched) and starts the
  // writer. Throws CoreError; then every block is given back and no other is taken. Once, before
  // anything else is asked of it.
  virtual void begin() = 0;
  // Both.
  static std::shared_ptr<Recorder> create(RecorderSpec spec, Leases& leases);
  virtual RecorderStatus status() const = 0;
  virtual void appendEvent(std::vector<std::byte> bytes) = 0;
  // Those that ended since the last call, oldest first. At most 65,536 wait for it.
  virtual std::vector<Capture> drainCaptures() = 0;
  // Writes what is held, truncates to what was measured, syncs, closes. Waits; not from the
  // JavaScript thread.
  virtual RecorderStatus finish() = 0;
  // Called once, from a thread of the recorder's own, when it is done or has failed; at once, and
  // from here, if that is so already. Must not call finish().
  virtual void onNews(std::function<void()> listener) = 0;
};

}  // namespace iio
