// What this machine can do at best: the roof that kernels are held against.
#pragma once

#include "base/cpu_features.h"

#include <array>
#include <cstddef>

namespace engine::tuning {

/// Measured: float32 multiply-adds (2 operations each) per second from registers alone, on
/// `threads` threads at once. `isa` must be available. Takes about 10 ms.
double peak_flops(Isa isa, int threads);

/// Measured: bytes per second when each of `threads` threads reads its own `bytes_per_thread` again
/// and again. Takes about 10 ms beyond filling the memory.
double read_bandwidth(std::size_t bytes_per_thread, int threads);

/// Read bandwidth of one level of memory, for working sets up to `bytes`.
struct Level {
  double bytes = 0;  ///< over all threads; infinite for the last level
  double bytes_per_s = 0;
};

/// The roofs for one instruction set and number of threads.
struct MachinePeak {
  double flops = 0;             ///< per second
  std::array<Level, 3> levels;  ///< level-1 data cache, level-2 cache, memory (measured on 64 MiB)

  /// Bytes per second that a working set of this size can be read at.
  double bandwidth_for(double working_set) const noexcept;
  /// Nanoseconds below which this much work cannot be done: the larger of arithmetic and traffic.
  double least_ns(double flop, double bytes, double working_set) const noexcept;
  /// Whether the traffic is what takes that long.
  bool memory_bound(double flop, double bytes, double working_set) const noexcept;
};

/// Measures all of it; takes about a tenth of a second.
MachinePeak measure_peak(Isa isa, int threads);

}  // namespace engine::tuning
