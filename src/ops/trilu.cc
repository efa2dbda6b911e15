#include "ops/trilu.h"

#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {

std::vector<TensorType> Trilu::infer(const Operands& in, Index) const {
  const TensorType& x = in.type(0);
  ENGINE_VALIDATE(!x.ranked || x.rank() >= 2, "input is ", to_string(x),
                  " (must have rank 2 or more)");
  if (in.has(1)) {
    require_type(
        in, 1, "k", [](DType t) { return t == DType::kInt64; }, "int64");
    const auto shape = in.type(1).shape();
    ENGINE_VALIDATE(!shape || element_count(*shape) == 1, "k is ", to_string(in.type(1)),
                    " (must be a scalar)");
  }
  return {x};
}

Fault Trilu::move(Inputs in, Outputs out) const {
  const Index rank = in[0].rank();
  const Index rows = in[0].shape()[static_cast<std::size_t>(rank - 2)];
  const Index columns = in[0].shape()[static_cast<std::size_t>(rank - 1)];
  const bool has_k = in.size() > 1 && in[1];
  if (has_k && in[1].size() != 1) return bad_shape(in[1].size(), 1);
  // Beyond these ends the result is the same.
  const Index k = has_k ? std::clamp(index_at(in[1], 0), -rows - 1, columns + 1) : 0;
  const Index matrices = product(in[0].shape(), 0, rank - 2);
  dispatch_move(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = elements<T>(in[0]);
    T* y = elements<T>(out[0]);
    for (Index m = 0; m < matrices; ++m)
      for (Index row = 0; row < rows; ++row, x += columns, y += columns) {
        // The first column of the upper triangle, or the first behind the lower one.
        const Index cut = std::clamp<Index>(row + k + (upper ? 0 : 1), 0, columns);
        const Index first = upper ? cut : 0, last = upper ? columns : cut;
        std::fill_n(y, first, T{});
        copy_run(x + first, last - first, y + first);
        std::fill_n(y + last, columns - last, T{});
      }
  });
  return kNoFault;
}

OperatorPtr make_Trilu(const Attributes& attributes) {
  auto op = std::make_shared<Trilu>();
  op->upper = attributes.flag("upper", true);
  return op;
}

}  // namespace engine::ops
