// The queue and the threads of one model.
#pragma once

#include "serve/core/batch_queue.h"
#include "serve/core/memory_budget.h"
#include "serve/core/run_estimate.h"
#include "serve/core/served_tensors.h"
#include "serve/core/statistics.h"

#include <engine/session.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace engine::serve {

/// A request that was submitted, to be cancelled.
class Ticket {
 public:
  Ticket() = default;

 private:
  friend class Batcher;
  explicit Ticket(std::weak_ptr<Pending> pending) : pending_(std::move(pending)) {}
  std::weak_ptr<Pending> pending_;
};

/// Collects requests into batches, runs them, and answers each request once, whatever happens.
/// While one batch runs on an instance's thread, the next forms in the queue. A model that takes
/// less time than waking a thread runs on the thread that submitted to it, in `help`. Thread-safe.
class Batcher {
 public:
  /// `limits.max_batch_size` is 0 unless the model has a batch axis (`has_batch_axis`). The name is
  /// what messages call the model. Requests are held against `tensors`; against all of the model's
  /// if they are not given.
  Batcher(std::string name, const Session& session, BatchLimits limits,
          std::shared_ptr<MemoryBudget> memory, std::optional<ServedTensors> tensors = {});
  /// As `stop`. Not to be called from a callback.
  ~Batcher();
  Batcher(const Batcher&) = delete;

  /// Queues the request, or refuses it before returning. The inputs' memory must stay as it is
  /// until the answer.
  Ticket submit(Request request, OnDone on_done);

  /// The same, but if the model is being unloaded, nothing, and both arguments stay with the
  /// caller.
  std::optional<Ticket> try_submit(Request& request, OnDone& on_done);

  /// Runs a batch of what waits on this thread, if that will not take long and an instance is
  /// free; else leaves it to the model's threads. To be called once or more after requests with
  /// `helped`, when no more of them are at hand.
  void help();

  /// Answers the request with Code::kCancelled if it is still queued; false if it runs or has been
  /// answered.
  bool cancel(const Ticket& ticket);

  /// Refuses what comes from now on, finishes what was accepted, and returns when all is answered.
  /// What has not begun at `give_up` is answered with Code::kUnavailable instead.
  void stop(Time give_up = Time::max());

  ModelStatistics statistics() const { return statistics_.read(); }
  std::size_t queued() const;
  const BatchLimits& limits() const noexcept { return limits_; }
  const ServedTensors& tensors() const noexcept { return tensors_; }

 private:
  std::optional<Failure> accept(const PendingPtr& pending, bool& unloading);
  std::optional<Failure> enqueue(const PendingPtr& pending, bool& unloading);
  bool is_short() const;
  std::vector<PendingPtr> begin_batch(Time& wake);
  void run_begun(std::unique_lock<std::mutex>& lock, std::span<const PendingPtr> batch,
                 BatchRunner& runner);
  void run_batches();
  void watch_expiries();
  std::chrono::nanoseconds run(std::span<const PendingPtr> batch, BatchRunner& runner);
  int instances() const { return std::max(1, limits_.instances); }
  void give_up(const PendingPtr& pending, Failure failure);
  void give_up_expired(std::unique_lock<std::mutex>& lock, Time now);
  void answer(Pending& pending, Response response) noexcept;

  const std::string name_;
  const Session session_;
  const ServedTensors tensors_;
  const BatchLimits limits_;
  const std::shared_ptr<MemoryBudget> memory_;
  StatisticsCollector statistics_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_;    // for the instances: work, or stopping
  std::condition_variable expiry_;     // for the watch: an earlier expiry, or stopping
  std::condition_variable all_begun_;  // for stop: nothing is queued, or no helper runs
  BatchQueue queue_;
  RunEstimate estimate_;
  int running_ = 0;                                    // batches, on whatever thread
  std::vector<std::unique_ptr<BatchRunner>> helpers_;  // that nobody uses
  Time watched_ = Time::max();                         // when the watch wakes
  bool stopping_ = false, ended_ = false;
  std::vector<std::thread> threads_;
  std::mutex stop_mutex_;
};

}  // namespace engine::serve
