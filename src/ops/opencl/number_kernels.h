// Kernels that exist once per element type, or once per size of elements.
#pragma once

#include <engine/types.h>

#include <array>

namespace engine::opencl {

/// The kernels of each family for one type; null where a family has none.
struct NumberKernels {
  DType dtype;
  const char *integers, *comparisons, *cast, *arg, *clip;
};

/// Null if no kernel takes the type.
const NumberKernels* number_kernels(DType dtype) noexcept;

/// The number by which kernels/cast.cl knows a type that has an entry.
int number_code(const NumberKernels& kernels) noexcept;

/// One of the kernels for elements of 1, 2, 4 and 8 bytes; null for texts.
const char* kernel_of_size(DType dtype, const std::array<const char*, 4>& kernels) noexcept;

/// The four of a family: ENGINE_SIZES("move") is "move_1", "move_2", ...
#define ENGINE_SIZES(family) \
  std::array<const char*, 4> { family "_1", family "_2", family "_4", family "_8" }

}  // namespace engine::opencl
