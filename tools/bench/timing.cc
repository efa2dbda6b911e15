#include "tools/bench/timing.h"

#include "tools/text/progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace engine::tools {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool agree(const std::vector<double>& medians) {
  constexpr std::size_t kBlocks = 5;
  constexpr double kClose = 1.01;
  if (medians.size() < kBlocks) return false;
  const auto [low, high] = std::minmax_element(medians.end() - kBlocks, medians.end());
  return *high <= kClose * *low;
}

}  // namespace

double sample(const Repeat& repeat, Index runs) {
  const Clock::time_point start = Clock::now();
  repeat(runs);
  return 1e9 * seconds_since(start) / static_cast<double>(runs);
}

Index warm_up(const Repeat& repeat, double seconds) {
  constexpr double kShortest = 5000;  // ns: the clock's own cost is some 25
  const Clock::time_point start = Clock::now();
  Index runs = 1;
  do {
    const double ns = sample(repeat, runs);
    runs = std::max<Index>(1, static_cast<Index>(std::ceil(kShortest / std::max(1.0, ns))));
  } while (seconds_since(start) < seconds);
  return runs;
}

double quantile(std::vector<double>& values, double share) {
  const auto last = static_cast<double>(values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::lround(share * last));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Timing measure(const Repeat& repeat, double seconds, const std::function<void()>& before_block) {
  constexpr double kBlock = 0.05;      // seconds, at least
  constexpr std::size_t kFewest = 10;  // samples in a block, if there is time
  Timing timing;
  timing.runs_per_sample = warm_up(repeat, std::min(0.5, 0.1 * seconds));
  Progress progress("measuring", static_cast<std::size_t>(10 * seconds));
  std::vector<double> samples;
  const Clock::time_point start = Clock::now();
  double elapsed = 0, running = 0;
  for (std::size_t shown = 0; elapsed < seconds && !timing.stable;) {
    std::vector<double> block;
    if (before_block) before_block();
    const Clock::time_point block_start = Clock::now();
    do {
      block.push_back(sample(repeat, timing.runs_per_sample));
      elapsed = seconds_since(start);
    } while (elapsed < seconds && (block.size() < kFewest || seconds_since(block_start) < kBlock));
    running += seconds_since(block_start);
    samples.insert(samples.end(), block.begin(), block.end());
    timing.rounds_ns.push_back(quantile(block, 0.5));
    timing.stable = agree(timing.rounds_ns);
    for (; shown < static_cast<std::size_t>(10 * elapsed); ++shown) progress.advance();
  }
  timing.seconds = elapsed;
  timing.runs = static_cast<Index>(samples.size()) * timing.runs_per_sample;
  timing.runs_per_s = static_cast<double>(timing.runs) / running;
  timing.min_ns = *std::ranges::min_element(samples);
  timing.median_ns = quantile(samples, 0.5);
  timing.p99_ns = quantile(samples, 0.99);
  return timing;
}

}  // namespace engine::tools
