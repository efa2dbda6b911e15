// What this machine can do at best: the roof that kernels are held against.
#pragma once

#include "base/cpu_features.h"

#include <cstddef>

namespace engine::tuning {

/// Measured: float32 multiply-adds (2 operations each) per second from registers alone, on
/// `threads` threads at once. `isa` must be available. Takes about 10 ms.
double peak_flops(Isa isa, int threads);

/// Measured: bytes per second when each of `threads` threads reads its own `bytes_per_thread` again
/// and again. Takes about 10 ms beyond filling the memory.
double read_bandwidth(std::size_t bytes_per_thread, int threads);

/// The roofs for one instruction set and number of threads.
struct MachinePeak {
  double flops = 0;             ///< per second
  double cache_bandwidth = 0;   ///< bytes per second from half of the level-2 cache
  double memory_bandwidth = 0;  ///< bytes per second from memory (64 MiB over all threads)
  std::size_t cache_bytes = 0;  ///< working sets up to this are held against the cache's bandwidth

  /// Nanoseconds below which this much work cannot be done: the larger of arithmetic and traffic.
  double least_ns(double flop, double bytes, double working_set) const noexcept;
  /// Whether the traffic is what takes that long.
  bool memory_bound(double flop, double bytes, double working_set) const noexcept;

 private:
  double bandwidth_for(double working_set) const noexcept {
    return working_set <= static_cast<double>(cache_bytes) ? cache_bandwidth : memory_bandwidth;
  }
};

/// Measures all of it; takes less than a tenth of a second.
MachinePeak measure_peak(Isa isa, int threads);

}  // namespace engine::tuning
