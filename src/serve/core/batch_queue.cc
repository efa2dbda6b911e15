#include "serve/core/batch_queue.h"

#include <algorithm>
#include <utility>

namespace engine::serve {

BatchQueue::BatchQueue(BatchLimits limits) : limits_(std::move(limits)) {
  std::ranges::sort(limits_.preferred_batch_size);
  target_ = limits_.preferred_batch_size.empty() ? limits_.max_batch_size
                                                 : limits_.preferred_batch_size.back();
  levels_.resize(std::max<std::size_t>(1, limits_.priority_levels));
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const auto own = limits_.priority_queue_policy.find(i + 1);
    levels_[i].policy =
        own == limits_.priority_queue_policy.end() ? limits_.default_queue_policy : own->second;
  }
}

std::size_t BatchQueue::level_of(std::uint64_t priority) const {
  if (priority == 0 || priority > levels_.size()) priority = limits_.default_priority_level;
  return std::clamp<std::uint64_t>(priority, 1, levels_.size()) - 1;
}

std::optional<Failure> BatchQueue::push(const PendingPtr& pending, Time now) {
  pending->level = level_of(pending->request.priority);
  Level& level = levels_[pending->level];
  const QueuePolicy& policy = level.policy;
  if (policy.max_queue_size != 0 &&
      level.ready.size() + level.delayed.size() >= policy.max_queue_size)
    return Failure{Code::kUnavailable, "Exceeds maximum queue size (" +
                                           std::to_string(policy.max_queue_size) +
                                           " requests wait; try again later)"};
  pending->arrived = now;
  auto timeout = policy.default_timeout;
  if (policy.allow_timeout_override && pending->request.timeout.count() > 0)
    timeout = std::min(timeout, pending->request.timeout);
  pending->timeout = timeout.count() > 0 ? now + timeout : Time::max();
  pending->place = level.ready.insert(level.ready.end(), pending);
  pending->queue = &level.ready;
  ++size_;
  rows_ += pending->rows;
  return {};
}

void BatchQueue::take(const PendingPtr& pending) {
  const PendingPtr kept = pending;  // the argument may be the list's own
  kept->queue->erase(kept->place);
  kept->queue = nullptr;
  --size_;
  rows_ -= kept->rows;
}

bool BatchQueue::remove(const PendingPtr& pending) {
  if (!pending->queue) return false;
  take(pending);
  return true;
}

std::vector<PendingPtr> BatchQueue::take_expired(Time now) {
  std::vector<PendingPtr> expired;
  for (Level& level : levels_)
    for (std::list<PendingPtr>* queue : {&level.delayed, &level.ready})
      for (auto it = queue->begin(); it != queue->end();) {
        const PendingPtr pending = *it++;
        const bool timed_out = pending->timeout <= now && queue == &level.ready;
        if (pending->request.deadline <= now ||
            (timed_out && level.policy.timeout_action == TimeoutAction::kReject)) {
          take(pending);
          expired.push_back(pending);
        } else if (timed_out) {
          level.delayed.splice(level.delayed.end(), level.ready, pending->place);
          pending->queue = &level.delayed;
        }
      }
  return expired;
}

Time BatchQueue::next_expiry() const {
  Time next = Time::max();
  for (const Level& level : levels_) {
    for (const PendingPtr& p : level.ready)
      next = std::min({next, p->timeout, p->request.deadline});
    for (const PendingPtr& p : level.delayed) next = std::min(next, p->request.deadline);
  }
  return next;
}

BatchQueue::Candidates BatchQueue::candidates() const {
  Candidates found;
  for (const Level& level : levels_)
    for (const std::list<PendingPtr>* queue : {&level.ready, &level.delayed})
      for (const PendingPtr& pending : *queue) {
        if (!found.list.empty() && pending->shapes != found.list.front()->shapes) {
          found.closed = true;  // it would wait for nothing
          if (limits_.preserve_ordering) return found;
          continue;
        }
        if (!found.list.empty() && found.rows + pending->rows > limits_.max_batch_size) {
          found.closed = true;
          return found;
        }
        found.list.push_back(pending);
        found.rows += pending->rows;
        if (found.rows >= limits_.max_batch_size) {
          found.closed = true;
          return found;
        }
      }
  return found;
}

// How many of the candidates run now; 0 if they wait.
std::size_t BatchQueue::chosen(const Candidates& candidates) const {
  const auto& preferred = limits_.preferred_batch_size;
  std::size_t at_preferred = 0, below_target = 0;
  Index rows = 0;
  for (std::size_t i = 0; i < candidates.list.size(); ++i) {
    rows += candidates.list[i]->rows;
    if (std::ranges::binary_search(preferred, rows)) at_preferred = i + 1;
    if (rows <= target_) below_target = i + 1;
  }
  if (at_preferred != 0) return at_preferred;
  if (candidates.rows >= target_) return std::max<std::size_t>(1, below_target);
  return candidates.closed ? candidates.list.size() : 0;
}

std::vector<PendingPtr> BatchQueue::take_batch(Time now, Time& wake, bool at_once) {
  wake = Time::max();
  if (size_ == 0) return {};
  Candidates candidates = this->candidates();
  std::size_t count = chosen(candidates);
  if (count == 0) {
    Time oldest = Time::max();
    for (const PendingPtr& pending : candidates.list) oldest = std::min(oldest, pending->arrived);
    const Time full = oldest + limits_.max_queue_delay;
    if (!at_once && now < full) {
      wake = full;
      return {};
    }
    count = candidates.list.size();
  }
  candidates.list.resize(count);
  for (const PendingPtr& pending : candidates.list) take(pending);
  return std::move(candidates.list);
}

std::vector<PendingPtr> BatchQueue::take_all() {
  std::vector<PendingPtr> all;
  for (const Level& level : levels_)
    for (const std::list<PendingPtr>* queue : {&level.ready, &level.delayed})
      all.insert(all.end(), queue->begin(), queue->end());
  for (const PendingPtr& pending : all) take(pending);
  return all;
}

}  // namespace engine::serve
