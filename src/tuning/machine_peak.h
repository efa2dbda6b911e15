// What this machine can do at best: the roof that kernels are held against.
#pragma once

#include "base/cpu_features.h"

#include <cstddef>
#include <vector>

namespace engine::tuning {

/// Measured: float32 multiply-adds (2 operations each) per second from registers alone, on
/// `threads` threads at once. `isa` must be available. Takes about 10 ms.
double peak_flops(Isa isa, int threads);

/// Measured: bytes per second when each of `threads` threads reads its own `bytes_per_thread` again
/// and again. Takes about 10 ms beyond filling the memory.
double read_bandwidth(std::size_t bytes_per_thread, int threads);

/// Read bandwidth of one level of memory, for working sets up to `bytes`.
struct Level {
  const char* name = "";  ///< "L1", "L2", "L3" or "memory"
  double bytes = 0;       ///< over all threads; infinite for the last level
  double bytes_per_s = 0;
};

/// The roofs for one instruction set and number of threads.
struct MachinePeak {
  double flops = 0;           ///< per second
  std::vector<Level> levels;  ///< nearest first; the last is memory. Without L3 if it is not known

  /// The nearest level that holds a working set of this size. There must be one level at least.
  const Level& level_for(double working_set) const noexcept;
  /// Nanoseconds below which this much work cannot be done: the larger of arithmetic and traffic.
  double least_ns(double flop, double bytes, double working_set) const noexcept;
  /// Whether the traffic is what takes that long.
  bool memory_bound(double flop, double bytes, double working_set) const noexcept;
  /// The better of both, roof by roof: what else runs on a machine only makes it look slower.
  void raise(const MachinePeak& other) noexcept;
};

/// Measures all of it; takes about a tenth of a second.
MachinePeak measure_peak(Isa isa, int threads);

}  // namespace engine::tuning
