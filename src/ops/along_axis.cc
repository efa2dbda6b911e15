#include "ops/along_axis.h"

#include "ops/moving.h"

namespace engine::ops {

AlongAxis::AlongAxis(const Shape& data, const Shape& indices, Index given)
    : axis(static_cast<std::size_t>(normalize_axis(given, std::ssize(data)))),
      elements(data.size()) {
  const Small<Index> strides = loop_strides(data);
  n = data[axis];
  step = strides[axis];
  for (std::size_t i = 0; i < data.size(); ++i) {
    elements[i] = {indices[i], {i == axis ? 0 : strides[i]}};
    if (i != axis && indices[i] > data[i] && fault.ok()) fault = bad_shape(indices[i], data[i]);
  }
}

}  // namespace engine::ops
