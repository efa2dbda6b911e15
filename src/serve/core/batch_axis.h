// Whether requests of a model can share a run.
#pragma once

#include <engine/session.h>

namespace engine::serve {

/// True if the first axis of every input and output is a free dimension of its own, as far as the
/// model declares shapes, nothing holds strings or has a default, and a trial shows that two rows
/// in one run give the bits that each gives alone: a model may mix the rows of what it calls a
/// batch. False also if no shapes are found that the trial can run with.
/// `inputs` are the model's, perhaps with extents fixed that it leaves free.
bool has_batch_axis(const Session& session, const std::vector<TensorInfo>& inputs);
bool has_batch_axis(const Session& session);

}  // namespace engine::serve
