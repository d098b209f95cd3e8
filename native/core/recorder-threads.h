// The recorder's helpers: what need not hold up the writes happens on threads of their own.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "error.h"
#include "index-writer.h"
#include "journal.h"
#include "recorder-plan.h"
#include "thread-cpu.h"

namespace iio {

// A take whose bytes the files have accepted. Where the first file's bytes are not those of the
// block, `crcs` has one for each segment as far as writing came; the last may be that of a part.
struct Written {
  Take take;
  std::vector<Segment> segments;
  bool converted = false;
  std::vector<uint32_t> crcs;
};

struct Indexes {
  std::vector<IndexWriter*> fed;           // of outputs that hold whole scans as they are
  std::vector<IndexWriter*> fedElsewhere;  // of the others: by the writer
};

// Checks, indexes, journals and gives back what was written, in order, while the next write is
// under way. Its queue is bounded by the blocks, which it holds leases of.
class Finisher {
 public:
  using Release = std::function<void(BlockIndex)>;
  using Failed = std::function<void(const Fault&)>;
  // `proof`: what the journal says already.
  Finisher(Journal& journal, Indexes indexes, const Proof& proof, uint32_t scanBytes,
           Release release, Failed failed);
  ~Finisher() { close(); }

  void submit(Written written);
  void close();  // finishes what it has, then ends the thread; idempotent
  double cpuSeconds() const { return cpu_.seconds(); }

 private:
  void run();
  void finish(const Written& written);
  uint32_t crcOf(const Written& written, size_t segment);
  void flush();

  Journal& journal_;
  const Indexes indexes_;
  Proof proof_;  // the thread's own
  const uint32_t scanBytes_;
  const Release release_;
  const Failed failed_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Written> queue_;
  bool closing_ = false;
  ThreadCpu cpu_;
  std::thread thread_;
};

// Does something every `periodNs` until closed.
class Ticker {
 public:
  Ticker(const char* name, int64_t periodNs, std::function<void()> work);
  ~Ticker() { close(); }
  void close();  // idempotent
  double cpuSeconds() const { return cpu_.seconds(); }

 private:
  void run();

  const int64_t periodNs_;
  const std::function<void()> work_;
  std::mutex lock_;
  std::condition_variable changed_;
  bool closing_ = false;
  ThreadCpu cpu_;
  std::thread thread_;
};

}  // namespace iio
