// What block sizes follow from. They never change the order of a sum.
#pragma once

#include "base/cpu_features.h"

#include <engine/types.h>

namespace engine::cpu {

/// Floats of the second-level cache of one core; of 1 MiB if the system does not say.
inline Index level2_floats() {
  static const std::size_t bytes = cpu_info().l2;
  return static_cast<Index>(bytes ? bytes : std::size_t{1} << 20) / Index{sizeof(float)};
}

/// Floats of its first-level cache for data; of 32 KiB if the system does not say.
inline Index level1_floats() {
  static const std::size_t bytes = cpu_info().l1_data;
  return static_cast<Index>(bytes ? bytes : std::size_t{32} << 10) / Index{sizeof(float)};
}

}  // namespace engine::cpu
