#include "latency.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

using namespace iio;

namespace {

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

TEST_CASE("latency: says nothing before anything was measured") {
  LatencyMeter meter;
  CHECK(meter.last(5 * kSecond).count == 0);
}

TEST_CASE("latency: median and 99th percentile are those of all values, at most an eighth too much") {
  std::mt19937 random(7);
  std::lognormal_distribution<double> spread(11, 2);  // around 60 us, with a long tail
  for (size_t count : {1, 2, 3, 99, 100, 101, 5000}) {
    LatencyMeter meter;
    std::vector<int64_t> all;
    for (size_t i = 0; i < count; ++i) {
      all.push_back(static_cast<int64_t>(spread(random)));
      meter.add(all.back(), 100 * kSecond + static_cast<int64_t>(i));
    }
    std::sort(all.begin(), all.end());
    const auto at = [&](size_t percent) { return all[(count * percent + 99) / 100 - 1]; };
    const LatencySpread out = meter.last(100 * kSecond + 5000);
    CHECK(out.count == count);
    CHECK(out.maxNs == all.back());
    for (auto [shown, real] : {std::pair{out.p50Ns, at(50)}, std::pair{out.p99Ns, at(99)}}) {
      CHECK(shown >= real);
      CHECK(shown <= std::max<int64_t>(1024, real + real / 8 + 1));
    }
  }
}

TEST_CASE("latency: keeps what is beyond its range at its ends") {
  LatencyMeter meter;
  meter.add(-5, kSecond);
  meter.add(0, kSecond);
  CHECK(meter.last(kSecond).p99Ns == 0);
  meter.add(int64_t{1} << 50, kSecond);
  const LatencySpread out = meter.last(kSecond);
  CHECK(out.count == 3);
  CHECK(out.p50Ns <= 1024);
  CHECK(out.maxNs == int64_t{1} << 50);
}

TEST_CASE("latency: forgets what is older than ten seconds, also when nothing comes any more") {
  LatencyMeter meter;
  for (int64_t second = 0; second < 40; ++second)
    meter.add((second + 1) * 1'000'000, second * kSecond);
  CHECK(meter.last(39 * kSecond).count == 10);
  CHECK(meter.last(39 * kSecond).p50Ns >= 35'000'000);
  CHECK(meter.last(44 * kSecond).count == 5);
  CHECK(meter.last(60 * kSecond).count == 0);
}

TEST_CASE("latency: may be asked while it is added to") {
  LatencyMeter meter;
  std::atomic<bool> over{false};
  std::thread asker([&] {
    while (!over) {
      const LatencySpread out = meter.last(kSecond * 1000);
      if (out.count > 0) CHECK(out.p50Ns <= out.p99Ns);
    }
  });
  for (int64_t i = 0; i < 200'000; ++i) meter.add(i % 5000, kSecond * 995 + i * 40'000);
  over = true;
  asker.join();
}
