// Runs a recording on a device: one queue, one arena, arguments set once.
#pragma once

#include "ops/opencl/kernel.h"

namespace engine::opencl {

/// Throws Error (kResourceExhausted, kDeviceFailed). What falls back shares the threads of `pool`.
std::unique_ptr<ops::DeviceRun> make_run(std::shared_ptr<Device> device,
                                         const ops::Recording& recording, Pool& pool);
/// The same, run once if no process has run all of it before, and then kept in the program cache.
std::unique_ptr<ops::DeviceRun> make_warm_run(std::shared_ptr<Device> device,
                                              const ops::Recording& recording, Pool& pool);

}  // namespace engine::opencl
