// Which requests form the next batch, and when. Knows no threads and reads no clock.
#pragma once

#include "serve/core/limits.h"
#include "serve/core/pending.h"

#include <optional>
#include <vector>

namespace engine::serve {

/// Requests in order of priority and arrival. Not thread-safe. Cost of a call: at most the length
/// of the queue; `remove` is constant.
class BatchQueue {
 public:
  explicit BatchQueue(BatchLimits limits);

  /// Takes the request, or says why not. Sets its level, time of arrival and timeout.
  std::optional<Failure> push(const PendingPtr& pending, Time now);

  /// Takes a request out again; false if it is not here (any more).
  bool remove(const PendingPtr& pending);

  /// What must not be begun any more at `now`: past its deadline, or timed out by a policy that
  /// rejects. Moves what timed out by a policy that delays.
  std::vector<PendingPtr> take_expired(Time now);

  /// The next batch: requests whose inputs have equal shapes but for the rows. Empty if there is
  /// none yet; `wake` then is when to ask again if nothing arrives before. With `at_once` nothing
  /// waits to be joined.
  ///
  /// The first request in order decides the shapes, and others of these shapes join it up to
  /// max_batch_size. It runs at a preferred size if the requests add up to one, the largest first;
  /// if they reach beyond all of them, as close below the largest as they can; else it waits for
  /// more until max_queue_delay has passed since the oldest of them arrived, unless a request of
  /// other shapes waits behind it.
  std::vector<PendingPtr> take_batch(Time now, Time& wake, bool at_once = false);

  std::vector<PendingPtr> take_all();

  /// When `take_expired` will next have something to do.
  Time next_expiry() const;

  std::size_t size() const noexcept { return size_; }
  Index rows() const noexcept { return rows_; }  ///< of all requests

 private:
  struct Level {
    QueuePolicy policy;
    std::list<PendingPtr> ready, delayed;
  };
  struct Candidates {
    std::vector<PendingPtr> list;
    Index rows = 0;
    bool closed = false;  ///< nothing more can join
  };
  std::size_t level_of(std::uint64_t priority) const;
  Candidates candidates() const;
  std::size_t chosen(const Candidates& candidates) const;
  void take(const PendingPtr& pending);

  BatchLimits limits_;
  Index target_ = 0;  ///< rows beyond which nothing waits
  std::vector<Level> levels_;
  std::size_t size_ = 0;
  Index rows_ = 0;
};

}  // namespace engine::serve
