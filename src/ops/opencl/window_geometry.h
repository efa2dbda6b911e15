// Windows as kernels/windows.inc has them.
#pragma once

#include "ops/opencl/kernel.h"
#include "ops/spatial.h"

namespace engine::opencl {

/// Whether positions fit the kernels' integers, and the taps, which they walk over one by one, do
/// not go far beyond the input.
bool fits_ints(const ops::Windows& windows);

/// Three numbers of a list from `at` on, the last axis last; what is missing before it is `lone`.
void put_window_axes(const Shape& values, std::size_t at, cl_int lone, Ints& to);

/// The lists of the same names; windows that fit.
struct WindowGeometry {
  Ints size{}, window{}, steps{};

  explicit WindowGeometry(const ops::Windows& windows);
  void set_channels(Index in, Index out, Index group);
};

}  // namespace engine::opencl
