// Tuples of indices into the leading axes of a tensor, as GatherND and ScatterND read them.
#pragma once

#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {

/// indices [.., depth]: each row points into axes [first, first + depth) of a tensor.
class IndexTuples {
 public:
  IndexTuples(const Input& indices, const Shape& shape, Index first)
      : indices_(indices.as<std::int64_t>()), depth_(indices.shape().back()) {
    const Small<Index> all = loop_strides(shape);
    for (Index axis = first; axis < first + depth_; ++axis) {
      extents_.push_back(shape[static_cast<std::size_t>(axis)]);
      strides_.push_back(all[static_cast<std::size_t>(axis)]);
    }
  }

  /// The offset in elements to which row `i` points; negative, with `fault` set, if it is outside.
  Index offset(Index i, Fault& fault) const noexcept {
    const std::int64_t* row = indices_ + i * depth_;
    Index offset = 0;
    for (Index k = 0; k < depth_; ++k) {
      const auto axis = static_cast<std::size_t>(k);
      const Index index = wrap_index(row[k], extents_[axis]);
      if (index < 0) {
        fault = out_of_range(row[k], extents_[axis]);
        return -1;
      }
      offset += index * strides_[axis];
    }
    return offset;
  }

 private:
  const std::int64_t* indices_;
  Index depth_;
  Small<Index> extents_, strides_;
};

}  // namespace engine::ops
