// What a configuration says about batches, instances and devices, in the service's own terms.
#pragma once

#include "serve/core/limits.h"
#include "serve/proto/model_config.pb.h"

#include <engine/session.h>

namespace engine::serve {

/// Whether the configuration says nothing of batches or tensors, so that the model may be batched
/// as one without a configuration.
bool leaves_batching_open(const inference::ModelConfig& config);

/// max_batch_size, instance_group.count and dynamic_batching; what a checked configuration leaves
/// open is as in `base`, max_batch_size and delay only if all of batching is. With
/// preserve_ordering one batch runs at a time.
BatchLimits configured_limits(const inference::ModelConfig& config, const BatchLimits& base);

/// The device of instance_group and the threads of parameter intra_op_thread_count. KIND_CPU is the
/// CPU, KIND_GPU an OpenCL device, by its index in `gpus`; others are the device of `base`. Throws
/// Error (kInvalidArgument, kNotFound) if there is no such device, or no such number.
SessionOptions configured_session(const inference::ModelConfig& config, SessionOptions base);

}  // namespace engine::serve
