// What every convolution checks and infers about its shapes.
#pragma once

#include "ops/spatial.h"

namespace engine::ops {

/// Extents of the output [n, filters, windows..] of a convolution of x [n, channels, spatial..]
/// with w [filters, channels / group, kernel..]; empty if the rank is unknown. Throws Error
/// (kInvalidModel) if ranks, channels, groups or extents certainly do not fit.
Dims conv_output(const Spatial& spatial, Index group, const TensorType& x, const TensorType& w);

/// Throws unless a parameter has one element, or (rank 1) one per filter: for zero points and
/// scales.
void check_per_filter(const TensorType& parameter, const char* name, const Dim& filters);
/// Throws unless a parameter has one element.
void check_one_element(const TensorType& parameter, const char* name);

/// Reads group; throws unless it is positive.
Index parse_group(const Attributes& attributes);

}  // namespace engine::ops
