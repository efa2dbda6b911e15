#include "ops/top_k.h"

#include "ops/attributes.h"
#include "ops/moving.h"
#include "ops/total_order.h"

namespace engine::ops {
namespace {

template <class T>
struct Candidate {
  T value;
  Index index;
};

// Puts the first k of the final order in front, in that order.
template <class T>
void select(std::vector<Candidate<T>>& all, Index k, bool largest) {
  const auto before = [largest](const Candidate<T>& a, const Candidate<T>& b) {
    if (largest ? precedes(b.value, a.value) : precedes(a.value, b.value)) return true;
    if (largest ? precedes(a.value, b.value) : precedes(b.value, a.value)) return false;
    return a.index < b.index;
  };
  const auto end = all.begin() + k;
  if (end != all.end()) std::nth_element(all.begin(), end, all.end(), before);
  std::sort(all.begin(), end, before);
}

}  // namespace

std::vector<TensorType> TopK::infer(const Operands& in, Index outputs) const {
  require_type(
      in, 0, "X", [](DType t) { return is_number(t) && t != DType::kInt4 && t != DType::kUInt4; },
      "a number type of 8 bits or more");
  require_type(
      in, 1, "K", [](DType t) { return t == DType::kInt64; }, "int64");
  const auto k = only_integer(in, 1, "K");
  ENGINE_VALIDATE(!k || *k >= 0, "K is ", *k, " (must not be negative)");
  TensorType values = in.type(0);
  if (values.ranked) {
    Dim& n = values.dims[static_cast<std::size_t>(normalize_axis(axis, values.rank()))];
    ENGINE_VALIDATE(!k || !n.known() || *k <= n.value(), "K is ", *k, ", axis ", axis, " has ",
                    n.value(), " elements (must not be fewer)");
    const auto list = list_extents(in, 1);
    n = k ? Dim(*k) : list && list->size() == 1 ? list->front() : Dim::unknown();
  }
  TensorType indices = values;
  indices.dtype = DType::kInt64;
  std::vector<TensorType> types = {std::move(values), std::move(indices)};
  types.resize(static_cast<std::size_t>(std::clamp<Index>(outputs, 1, 2)));
  return types;
}

std::size_t TopK::workspace(Inputs in, Outputs) const {
  const Index along = normalize_axis(axis, in[0].rank());
  return static_cast<std::size_t>(in[0].shape()[static_cast<std::size_t>(along)]) *
         sizeof(Candidate<double>);
}

Fault TopK::move(Inputs in, Outputs out) const {
  const bool wants_indices = out.size() > 1 && out[1];
  if (!out[0] && !wants_indices) return kNoFault;
  const Index along = normalize_axis(axis, in[0].rank());
  const AxisView x = split_at(in[0].shape(), along);
  const Index k = (out[0] ? out[0] : out[1]).shape()[static_cast<std::size_t>(along)];
  if (k > x.n) return bad_shape(k, x.n);
  dispatch_number(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<Candidate<T>> all(static_cast<std::size_t>(x.n));
    for (Index slice = 0; slice < x.outer * x.inner; ++slice) {
      const Index outer = slice / x.inner, column = slice % x.inner;
      const T* from = in[0].as<T>() + outer * x.n * x.inner + column;
      for (Index i = 0; i < x.n; ++i) all[static_cast<std::size_t>(i)] = {from[i * x.inner], i};
      select(all, k, largest);
      const Index to = outer * k * x.inner + column;
      for (Index i = 0; i < k; ++i) {
        const auto& [value, index] = all[static_cast<std::size_t>(i)];
        if (out[0]) out[0].as<T>()[to + i * x.inner] = value;
        if (wants_indices) out[1].as<std::int64_t>()[to + i * x.inner] = index;
      }
    }
  });
  return kNoFault;
}

OperatorPtr make_TopK(const Attributes& attributes) {
  auto op = std::make_shared<TopK>();
  op->axis = attributes.integer("axis", -1);
  op->largest = attributes.flag("largest", true);
  return op;
}

}  // namespace engine::ops
