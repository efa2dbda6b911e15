// Whether a request fits a model, before it is queued.
#pragma once

#include "serve/core/limits.h"
#include "serve/core/pending.h"

#include <engine/model.h>

#include <optional>
#include <string_view>

namespace engine::serve {

/// Checks names, types and shapes for the model served as `name`, in Triton's words, and sets
/// `rows` and `shapes`. Everything that a run would refuse by the declared shapes is refused here,
/// so that what is queued cannot fail its neighbours.
std::optional<Failure> check_request(std::string_view name, const Model& model,
                                     const BatchLimits& limits, Pending& pending);

}  // namespace engine::serve
