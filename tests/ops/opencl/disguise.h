// PoCL's device that says to be a GPU: kernels run as there, 16 work-items for a vector.
#pragma once

#include "ops/opencl/runtime/device.h"

#include <memory>

namespace engine::test {

/// A device of its own, beside that which others have open. Null where there is none.
std::shared_ptr<opencl::Device> disguised_device();

}  // namespace engine::test
