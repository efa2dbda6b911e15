// OneHot: along a new axis of extent `depth`, values[1] where the index points and values[0]
// elsewhere.
//
//   indices [..], depth, values [2]; indices count from the end if negative, and those outside
//   [-depth, depth) give values[0] everywhere
//
// Meaning: ONNX OneHot, opset 28.
#include "ops/attributes.h"
#include "ops/moving.h"
#include "ops/numeric_cast.h"
#include "ops/scalar_value.h"

namespace engine::ops {
namespace {

struct OneHot final : MovingOperator {
  Index axis = -1;  // of the output, in [-rank - 1, rank] of the indices

  std::string_view name() const noexcept override { return "OneHot"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "indices", is_number, "a number type");
    require_type(in, 1, "depth", is_number, "a number type");
    require_rank(in, 2, "values", 1);
    const auto pair = in.type(2).shape();
    ENGINE_VALIDATE(!pair || pair->front() == 2, "values has ", pair->front(),
                    " elements, 2 needed (off and on)");
    const TensorType& indices = in.type(0);
    Dim depth;
    if (const auto value = known_scalar<std::int64_t>(in, 1, "depth")) depth = *value;
    else if (const auto list = list_extents(in, 1); list && list->size() == 1)
      depth = list->front();
    ENGINE_VALIDATE(!in[1].value || depth.value() > 0, "depth is ", depth.value(),
                    " (must be positive)");
    if (!indices.ranked) return {TensorType::unranked(in.dtype(2))};
    const Index along = normalize_axis(axis, indices.rank() + 1);
    Dims dims = indices.dims;
    dims.insert(dims.begin() + along, depth);
    return {{in.dtype(2), std::move(dims)}};
  }

  Fault move(Inputs in, Outputs out) const override {
    const AxisView y = split_at(out[0].shape(), normalize_axis(axis, out[0].rank()));
    dispatch_move(out[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* values = elements<T>(in[2]);
      T* to = elements<T>(out[0]);
      std::fill_n(to, out[0].size(), values[0]);
      dispatch_number(in[0].dtype, [&](auto index_tag) {
        const auto* indices = in[0].as<typename decltype(index_tag)::type>();
        for (Index outer = 0; outer < y.outer; ++outer, to += y.n * y.inner, indices += y.inner)
          for (Index i = 0; i < y.inner; ++i) {
            const Index index = wrap_index(numeric_cast<std::int64_t>(indices[i]), y.n);
            if (index >= 0) to[index * y.inner + i] = values[1];
          }
      });
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_OneHot(const Attributes& attributes) {
  auto op = std::make_shared<OneHot>();
  op->axis = attributes.integer("axis", -1);
  return op;
}

}  // namespace engine::ops
