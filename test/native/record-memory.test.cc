// Memory for records: taken in order, given back in any, used anew.
#include "record-memory.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <set>
#include <thread>

using namespace iio;

namespace {

using Piece = std::shared_ptr<std::byte[]>;

void fill(const Piece& piece, size_t bytes, int value) { std::memset(piece.get(), value, bytes); }

bool holds(const Piece& piece, size_t bytes, int value) {
  for (size_t i = 0; i < bytes; ++i)
    if (piece[i] != std::byte(value)) return false;
  return true;
}

}  // namespace

TEST_CASE("pieces of every size are aligned and apart") {
  const auto memory = RecordMemory::create();
  const size_t sizes[] = {0, 1, 8, 100, 24'000, 65'536, 70'000, 262'144, 262'145, 3'000'000};
  std::vector<std::pair<Piece, size_t>> pieces;
  for (int round = 0; round < 8; ++round)
    for (const size_t bytes : sizes) pieces.emplace_back(memory->take(bytes), bytes);
  for (size_t i = 0; i < pieces.size(); ++i) {
    CHECK(reinterpret_cast<uintptr_t>(pieces[i].first.get()) % 8 == 0);
    fill(pieces[i].first, pieces[i].second, static_cast<int>(i));
  }
  for (size_t i = 0; i < pieces.size(); ++i)
    CHECK(holds(pieces[i].first, pieces[i].second, static_cast<int>(i)));
}

TEST_CASE("a piece that is larger than the slabs so far gets one that it fits into") {
  const auto memory = RecordMemory::create();
  for (const size_t bytes : {200'000, 100, 250'000}) {
    memory->take(50'000);  // and gives it back: a small slab is free
    const Piece piece = memory->take(bytes);
    fill(piece, bytes, 1);
    CHECK(holds(piece, bytes, 1));
  }
}

TEST_CASE("what is given back in order is used anew, however long the history runs") {
  const auto memory = RecordMemory::create();
  constexpr size_t kBytes = 20'000, kHeld = 200;
  std::deque<Piece> history;
  std::set<std::byte*> places;
  for (int i = 0; i < 20'000; ++i) {
    history.push_back(memory->take(kBytes));
    places.insert(history.back().get());
    if (history.size() > kHeld) history.pop_front();
  }
  // Those held, and up to a slab at either end.
  CHECK(places.size() < 2 * kHeld);
}

TEST_CASE("a piece outlives its memory and the thread that took it") {
  Piece piece;
  std::thread([&] {
    const auto memory = RecordMemory::create();
    for (int i = 0; i < 100; ++i) piece = memory->take(5'000);
    fill(piece, 5'000, 7);
  }).join();
  CHECK(holds(piece, 5'000, 7));
}

TEST_CASE("pieces may be given back by another thread while more are taken") {
  const auto memory = RecordMemory::create();
  for (int round = 0; round < 50; ++round) {
    std::deque<Piece> taken;
    for (int i = 0; i < 100; ++i) taken.push_back(memory->take(30'000));
    std::thread other([gone = std::move(taken)]() mutable { gone.clear(); });
    const Piece piece = memory->take(30'000);
    fill(piece, 30'000, round);
    other.join();
    CHECK(holds(piece, 30'000, round));
  }
}
