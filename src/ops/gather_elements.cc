#include "ops/gather_elements.h"

#include "ops/along_axis.h"
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {

std::vector<TensorType> GatherElements::infer(const Operands& in, Index) const {
  require_index_type(in, 1, "indices");
  const TensorType& data = in.type(0);
  const TensorType& indices = in.type(1);
  if (data.ranked) {
    require_rank(in, 1, "indices", data.rank());
    const Index along = normalize_axis(axis, data.rank());
    for (Index i = 0; indices.ranked && i < data.rank(); ++i) {
      const Dim& size = data.dims[static_cast<std::size_t>(i)];
      const Dim& used = indices.dims[static_cast<std::size_t>(i)];
      ENGINE_VALIDATE(i == along || !size.known() || !used.known() || used.value() <= size.value(),
                      "indices is ", to_string(indices), ", data is ", to_string(data),
                      " (indices must not be larger along axis ", i, ")");
    }
  }
  TensorType out = indices;
  if (!out.ranked && data.ranked) out = unknown_extents(data.dtype, data.rank());
  out.dtype = data.dtype;
  return {std::move(out)};
}

Fault GatherElements::move(Inputs in, Outputs out) const {
  const AlongAxis along(in[0].shape(), in[1].shape(), axis);
  Fault fault = along.fault;
  if (!fault.ok()) return fault;
  dispatch_move(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* data = elements<T>(in[0]);
    T* y = elements<T>(out[0]);
    const Index n = along.n, step = along.step;
    const auto run = [&, n, step](Index to, const auto& from, Index count, const auto& stride) {
      for (Index k = 0; k < count; ++k) {
        const Index index = index_at(in[1], to + k);
        const Index i = wrap_index(index, n);
        if (i < 0) {
          fault = out_of_range(index, n);
          return;
        }
        y[to + k] = data[from[0] + k * stride[0] + i * step];
      }
    };
    strided_loop(merge_axes(along.elements), {}, run);
  });
  return fault;
}

OperatorPtr make_GatherElements(const Attributes& attributes) {
  auto op = std::make_shared<GatherElements>();
  op->axis = attributes.integer("axis", 0);
  return op;
}

}  // namespace engine::ops
