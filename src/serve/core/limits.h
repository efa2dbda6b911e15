// How the requests of one model are queued and batched, in the terms of Triton's config.pbtxt.
#pragma once

#include <engine/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

namespace engine::serve {

/// What happens to a request that has waited for its policy's timeout.
enum class TimeoutAction {
  kReject,  ///< it is answered with Code::kUnavailable
  kDelay    ///< it runs after all others of its priority that have not timed out
};

/// ModelQueuePolicy.
struct QueuePolicy {
  TimeoutAction timeout_action = TimeoutAction::kReject;
  std::chrono::microseconds default_timeout{0};  ///< 0: none
  bool allow_timeout_override = false;           ///< a request may ask for less than the default
  std::size_t max_queue_size = 0;                ///< requests; 0: only memory bounds the queue
};

/// max_batch_size, instance_group.count and ModelDynamicBatching.
struct BatchLimits {
  Index max_batch_size = 0;  ///< rows of a batch and of a request; 0: requests run one by one
  std::vector<Index> preferred_batch_size = {};  ///< rows; empty: as many as possible
  std::chrono::microseconds max_queue_delay{0};  ///< how long a batch may wait to be filled
  bool preserve_ordering = false;  ///< requests of one level begin in the order that they arrive in
  std::uint64_t priority_levels = 0;  ///< 1 is served first; 0: one level
  std::uint64_t default_priority_level = 0;
  QueuePolicy default_queue_policy = {};
  std::map<std::uint64_t, QueuePolicy> priority_queue_policy = {};
  int instances = 1;  ///< batches that run at once
};

}  // namespace engine::serve
