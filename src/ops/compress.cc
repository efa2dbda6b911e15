// Compress: the slices of `axis` (or, without one, the elements of the flattened input) whose
// condition is true. The condition may be shorter; what it does not reach is left out.
//
//   input [outer.., n, inner..], condition bool [m]
//
// Meaning: ONNX Compress, opset 28.
#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

struct Compress final : DynamicOperator {
  std::optional<Index> axis;

  std::string_view name() const noexcept override { return "Compress"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(
        in, 1, "condition", [](DType t) { return t == DType::kBool; }, "bool");
    require_rank(in, 1, "condition", 1);
    TensorType out = in.type(0);
    if (!axis) return {unknown_extents(out.dtype, 1)};
    if (out.ranked)
      out.dims[static_cast<std::size_t>(normalize_axis(*axis, out.rank()))] = Dim::unknown();
    return {std::move(out)};
  }

  std::vector<Tensor> run_dynamic(std::span<const Tensor> in,
                                  std::size_t max_bytes) const override {
    const Tensor& x = in[0];
    const auto condition = in[1].values<bool>();
    const Index along = axis ? normalize_axis(*axis, x.rank()) : 0;
    Shape shape = axis ? x.shape() : Shape{x.size()};
    const AxisView view_of_x = split_at(shape, along);
    const Index limit = std::min(view_of_x.n, static_cast<Index>(condition.size()));
    for (std::size_t i = static_cast<std::size_t>(limit); i < condition.size(); ++i)
      ENGINE_REQUIRE(!condition[i], ErrorCode::kRunFailed, "condition[", i,
                     "] is true (the input has ", view_of_x.n, " slices)");
    const auto taken = std::count(condition.begin(), condition.begin() + limit, true);
    shape[static_cast<std::size_t>(along)] = taken;
    Tensor y = make_output(x.dtype(), std::move(shape), max_bytes);
    dispatch_move(x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* from = static_cast<const T*>(x.data());
      T* to = static_cast<T*>(y.mutable_data());
      const Index inner = view_of_x.inner;
      for (Index outer = 0; outer < view_of_x.outer; ++outer, from += view_of_x.n * inner)
        for (Index i = 0; i < limit; ++i) {
          if (!condition[static_cast<std::size_t>(i)]) continue;
          copy_run(from + i * inner, inner, to);
          to += inner;
        }
    });
    return {std::move(y)};
  }
};

}  // namespace

OperatorPtr make_Compress(const Attributes& attributes) {
  auto op = std::make_shared<Compress>();
  if (attributes.has("axis")) op->axis = attributes.integer("axis");
  return op;
}

}  // namespace engine::ops
