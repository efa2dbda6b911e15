// Indices along one axis, as GatherElements and ScatterElements have them.
#pragma once

#include "ops/broadcast_loop.h"
#include "ops/operator.h"

namespace engine::ops {

/// The elements of `data` that indices of the same rank mean: index k at a position of `indices` is
/// the element k * step behind that to which `elements`, a loop over the positions, leads.
struct AlongAxis {
  /// `given` is in [-rank, rank).
  AlongAxis(const Shape& data, const Shape& indices, Index given);

  std::size_t axis;
  Index n, step;         ///< elements of data along the axis, and from one to the next
  LoopAxes<1> elements;  ///< steps in data; 0 along the axis
  Fault fault;           ///< if indices are larger than data along another axis
};

}  // namespace engine::ops
