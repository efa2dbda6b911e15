// Whether a request fits a model, before it is queued.
#pragma once

#include "serve/core/limits.h"
#include "serve/core/pending.h"

#include "serve/core/served_tensors.h"

#include <optional>
#include <string_view>

namespace engine::serve {

/// Checks names, types and shapes for the model served as `name`, in Triton's words, and sets
/// `rows` and `shapes`, and the outputs if none are named. Everything that a run would refuse by
/// the declared shapes is refused here, so that what is queued cannot fail its neighbours.
std::optional<Failure> check_request(std::string_view name, const ServedTensors& tensors,
                                     const BatchLimits& limits, Pending& pending);

}  // namespace engine::serve
