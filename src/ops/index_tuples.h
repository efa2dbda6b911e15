// Tuples of indices into the leading axes of a tensor, as GatherND and ScatterND read them.
#pragma once

#include "ops/moving.h"

namespace engine::ops {

/// indices [.., depth]: each row points into axes [first, first + depth) of a tensor.
class IndexTuples {
 public:
  IndexTuples(const Input& indices, const Shape& shape, Index first)
      : indices_(indices.as<std::int64_t>()), depth_(indices.shape().back()) {
    const Shape all = strides_of(shape);
    extents_.assign(shape.begin() + first, shape.begin() + first + depth_);
    strides_.assign(all.begin() + first, all.begin() + first + depth_);
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
  Shape extents_, strides_;
};

}  // namespace engine::ops
