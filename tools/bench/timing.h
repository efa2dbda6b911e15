// How long something takes, measured until it is known.
#pragma once

#include <engine/types.h>

#include <functional>
#include <vector>

namespace engine::tools {

/// Runs something the given number of times.
using Repeat = std::function<void(Index)>;

struct Timing {
  double min_ns = 0, median_ns = 0, p99_ns = 0;  ///< of one run
  double runs_per_s = 0;                         ///< runs over the time that they took
  Index runs = 0;
  Index runs_per_sample = 1;  ///< short runs are timed in groups, and a group counts as its mean
  double seconds = 0;
  std::vector<double> rounds_ns;  ///< the medians of the blocks, in turn
  bool stable = false;            ///< the medians of the last blocks agree within 1%
};

/// Calls `repeat(n)`, which runs n times, first to warm up, then in blocks until the medians of the
/// last blocks lie within 1% of each other or `seconds` are over. `before_block` may move what runs
/// to other memory, so that the blocks differ by all that two processes differ by.
Timing measure(const Repeat& repeat, double seconds,
               const std::function<void()>& before_block = {});

/// Nanoseconds of one run when `runs` are timed together.
double sample(const Repeat& repeat, Index runs);

/// Runs for `seconds`, at least once; returns how many runs last long enough together for the
/// clock's own cost to vanish.
Index warm_up(const Repeat& repeat, double seconds);

/// The value below which `share` of the values lie. Reorders `values`, which must not be empty.
double quantile(std::vector<double>& values, double share);

}  // namespace engine::tools
