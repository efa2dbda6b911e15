// What a launch costs on an OpenCL device: an empty kernel's, and one of a run of the engine.
#pragma once

#include "ops/opencl/kernel.h"

#include <memory>

namespace engine::bench {

/// Medians over rounds in turns, in nanoseconds for each launch of a chain that is waited for once.
struct LaunchTimes {
  int launches = 0;      ///< of the chain
  double empty_ns = 0;   ///< a kernel without arguments that does nothing
  double engine_ns = 0;  ///< a kernel on one vector, in a run of a plan
  double alone_ns = 0;   ///< the empty kernel, waited for each time
};

/// Throws Error.
LaunchTimes measure_launches(const std::shared_ptr<opencl::Device>& device, int rounds);

}  // namespace engine::bench
