// NonZero: the positions of all elements that are not zero, in row-major order, as [rank, count].
//
// NaN is not zero; of strings the empty one is. A scalar gives [0, count].
// Meaning: ONNX NonZero, opset 13.
#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

// Calls `visit(i)` for each element that is not zero.
template <class Visit>
void for_each_nonzero(const Tensor& x, Visit visit) {
  if (x.dtype() == DType::kString) {
    for (Index i = 0; i < x.size(); ++i)
      if (!x.strings()[static_cast<std::size_t>(i)].empty()) visit(i);
    return;
  }
  dispatch_all(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* values = x.values<T>().data();
    for (Index i = 0; i < x.size(); ++i)
      if (values[i] != T{}) visit(i);
  });
}

struct NonZero final : DynamicOperator {
  std::string_view name() const noexcept override { return "NonZero"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const TensorType& x = in.type(0);
    const Dim rank = x.ranked ? Dim(x.rank()) : Dim::unknown();
    return {{DType::kInt64, Dims{rank, Dim::unknown()}}};
  }

  std::vector<Tensor> run_dynamic(std::span<const Tensor> in,
                                  std::size_t max_bytes) const override {
    const Tensor& x = in[0];
    Index count = 0;
    for_each_nonzero(x, [&](Index) { ++count; });
    Tensor y = make_output(DType::kInt64, {x.rank(), count}, max_bytes);
    std::int64_t* to = y.mutable_values<std::int64_t>().data();
    Index column = 0;
    for_each_nonzero(x, [&](Index i) {
      for (Index axis = x.rank(); axis-- > 0;) {
        const Index extent = x.shape()[static_cast<std::size_t>(axis)];
        to[axis * count + column] = i % extent;
        i /= extent;
      }
      ++column;
    });
    return {std::move(y)};
  }
};

}  // namespace

OperatorPtr make_NonZero(const Attributes&) { return std::make_shared<NonZero>(); }

}  // namespace engine::ops
