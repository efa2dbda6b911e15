#include "serve/core/statistics.h"

#include <algorithm>

namespace engine::serve {
namespace {

std::uint64_t milliseconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

std::size_t class_of(std::chrono::nanoseconds latency) {
  const double seconds = std::chrono::duration<double>(latency).count();
  return static_cast<std::size_t>(std::ranges::lower_bound(kLatencyLimits, seconds) -
                                  kLatencyLimits.begin());
}

std::uint64_t& failures(ModelStatistics& sums, Reason reason) {
  return sums.failures[static_cast<std::size_t>(reason)];
}

}  // namespace

void StatisticsCollector::add_batch(std::span<const PendingPtr> batch,
                                    std::span<const Response> responses, Time began, Time ended,
                                    const RunTimes& times) {
  Index rows = 0;
  const std::uint64_t now = milliseconds_since_1970();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    rows += batch[i]->rows;
    if (responses[i].failure) {
      sums_.fail.add(ended - batch[i]->arrived);
      ++failures(sums_, Reason::kBackend);
      continue;
    }
    sums_.inference_count += static_cast<std::uint64_t>(batch[i]->rows);
    sums_.success.add(ended - batch[i]->arrived);
    ++sums_.latencies[class_of(ended - batch[i]->arrived)];
    sums_.queue.add(began - batch[i]->arrived);
    sums_.compute_input.add(times.input);
    sums_.compute_infer.add(times.infer);
    sums_.compute_output.add(times.output);
    sums_.last_inference_ms = now;
  }
  ++sums_.execution_count;
  constexpr std::size_t kMostSizes = 1024;  // which a client may choose
  if (sums_.batches.size() >= kMostSizes && !sums_.batches.contains(rows)) return;
  BatchStatistics& of_size = sums_.batches[rows];
  of_size.compute_input.add(times.input);
  of_size.compute_infer.add(times.infer);
  of_size.compute_output.add(times.output);
}

void StatisticsCollector::add_unrun(const Pending& pending, Code code, Time now) {
  const std::lock_guard lock(mutex_);
  sums_.fail.add(now - pending.arrived);
  if (code == Code::kCancelled) {
    sums_.cancel.add(now - pending.arrived);
    ++failures(sums_, Reason::kCancelled);
  } else {
    ++failures(sums_, Reason::kOther);
  }
}

void StatisticsCollector::add_rejected() {
  const std::lock_guard lock(mutex_);
  ++failures(sums_, Reason::kRejected);
}

ModelStatistics StatisticsCollector::read() const {
  const std::lock_guard lock(mutex_);
  return sums_;
}

}  // namespace engine::serve
