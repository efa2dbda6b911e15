// What a model has been asked and how long it took, in the terms of Triton's ModelStatistics.
#pragma once

#include "serve/core/batch_runner.h"

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

namespace engine::serve {

/// How often something happened and its time in all.
struct CountAndTime {
  std::uint64_t count = 0, ns = 0;
  void add(std::chrono::nanoseconds time) {
    ++count;
    ns += static_cast<std::uint64_t>(time.count());
  }
};

/// Runs of one batch size.
struct BatchStatistics {
  CountAndTime compute_input, compute_infer, compute_output;
};

/// Reasons of failure, as metrics name them.
enum class Reason { kRejected, kCancelled, kBackend, kOther };
inline constexpr std::size_t kReasons = 4;

/// Upper limits of the classes of latency, in seconds; the last class has none.
inline constexpr std::array kLatencyLimits = {50e-6, 100e-6, 250e-6, 500e-6, 1e-3,   2.5e-3,
                                              5e-3,  10e-3,  25e-3,  50e-3,  100e-3, 0.25,
                                              0.5,   1.0,    2.5,    5.0,    10.0};

struct ModelStatistics {
  std::uint64_t last_inference_ms = 0;  ///< since 1970
  std::uint64_t inference_count = 0;    ///< rows that succeeded
  std::uint64_t execution_count = 0;    ///< batches that ran
  CountAndTime success, fail, queue, compute_input, compute_infer, compute_output, cancel;
  std::map<Index, BatchStatistics> batches;  ///< by rows; of the first 1,024 sizes
  std::array<std::uint64_t, kLatencyLimits.size() + 1> latencies = {};  ///< successes by class
  std::array<std::uint64_t, kReasons> failures = {};                    ///< by Reason
};

/// Collects them. Thread-safe.
class StatisticsCollector {
 public:
  /// A batch that has run, begun and ended at these times.
  void add_batch(std::span<const PendingPtr> batch, std::span<const Response> responses, Time began,
                 Time ended, const RunTimes& times);
  /// A request that was accepted and answered without running.
  void add_unrun(const Pending& pending, Code code, Time now);
  /// A request that was not accepted.
  void add_rejected();

  ModelStatistics read() const;

 private:
  mutable std::mutex mutex_;
  ModelStatistics sums_;
};

}  // namespace engine::serve
