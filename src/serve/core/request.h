// A request for inference and its answer, whatever protocol they came by.
#pragma once

#include "serve/core/failure.h"

#include <engine/tensor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace engine::serve {

using Time = std::chrono::steady_clock::time_point;

struct Request {
  Tensors inputs;
  std::vector<std::string> outputs = {};  ///< names; empty: all
  std::uint64_t priority = 0;  ///< 1 is served first; 0 or beyond the levels: the default
  std::chrono::microseconds timeout{
      0};                       ///< of waiting, where the model's policy allows it; 0: none
  Time deadline = Time::max();  ///< work that has not begun by then is not begun
  bool helped = false;          ///< who submits it calls `Batcher::help` soon (Repository::submit)
};

struct Response {
  Tensors outputs;
  std::optional<Failure> failure;
  Index batch_rows = 0;  ///< of the batch that it ran in
};

/// Called once for each request. It must not throw and should not block: it may be called on the
/// thread that runs the model, or within `help`, or within `submit` if the request is refused.
using OnDone = std::function<void(Response)>;

}  // namespace engine::serve
