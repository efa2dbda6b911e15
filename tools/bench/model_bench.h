// A model bound to its inputs' shapes and timed, as a whole and node by node.
#pragma once

#include "tools/bench/cost.h"
#include "tools/bench/timing.h"

#include <engine/session.h>

#include <string>

namespace engine::tools {

/// The session bound to the inputs' shapes, with their values in place. Throws Error.
BoundCall bind_filled(const Session& session, const Tensors& inputs);

struct ModelTiming {
  std::string device;
  Index batch = 1;
  int threads = 1;
  Timing timing;
  tuning::MachinePeak peak;  ///< measured in the same run
  ModelCost cost;
  Profile profile;  ///< empty if the model cannot be bound to fixed shapes
  double roofline_share = 0;
  std::string advice;
};

/// Measures for at most `seconds`, then profiles for another half and ten times what making a
/// session takes. Throws Error as a session and a run do.
ModelTiming measure_model(const Model& model, const SessionOptions& options, const Tensors& inputs,
                          double seconds);

/// The instruction set of a device's name; scalar for "reference".
Isa isa_of(const std::string& device);

}  // namespace engine::tools
