// A request that was accepted and is not answered yet.
#pragma once

#include "serve/core/request.h"

#include <list>
#include <memory>

namespace engine::serve {

struct Pending;
using PendingPtr = std::shared_ptr<Pending>;

struct Pending {
  Request request;
  OnDone on_done;
  Index rows = 1;  ///< along the batch's axis
  std::vector<Index>
      shapes;               ///< of all inputs without the batch's axis: equal ones can share a run
  std::size_t charged = 0;  ///< bytes of the budget of memory
  Time arrived{};
  Time timeout = Time::max();  ///< of the queue's policy
  std::size_t level = 0;       ///< of priority, from 0

  /// Where the queue has it; meaningful while `queue` is set.
  std::list<PendingPtr>* queue = nullptr;
  std::list<PendingPtr>::iterator place{};
};

}  // namespace engine::serve
