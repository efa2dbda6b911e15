// Unique: the different slices of `axis` (or, without one, the different elements of the flattened
// input), sorted, or in the order in which they first occur.
//
//   y, indices [count] of first occurrences, inverse_indices [n] from input to y, counts [count]
//
// Slices compare as lists of their elements; NaN equals itself and comes last.
// Meaning: ONNX Unique, opset 28.
#include "ops/attributes.h"
#include "ops/moving.h"
#include "ops/total_order.h"

#include <functional>
#include <numeric>

namespace engine::ops {
namespace {

template <class T>
struct Slices {
  const T* data;
  AxisView x;

  // Negative, zero or positive as slice a comes before, with or after slice b.
  int compare(Index a, Index b) const {
    for (Index outer = 0; outer < x.outer; ++outer) {
      const T* row = data + outer * x.n * x.inner;
      for (Index i = 0; i < x.inner; ++i) {
        const T &left = row[a * x.inner + i], &right = row[b * x.inner + i];
        if (precedes(left, right)) return -1;
        if (precedes(right, left)) return 1;
      }
    }
    return 0;
  }
};

// For each slice its group, numbered as in the output, and for each group its first member.
struct Groups {
  std::vector<Index> group_of, first, count;
};

Groups group(std::size_t n, const std::function<int(Index, Index)>& compare, bool sorted) {
  std::vector<Index> order(n);
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, [&](Index a, Index b) { return compare(a, b) < 0; });
  Groups groups;
  groups.group_of.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (i == 0 || compare(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);
      groups.count.push_back(0);
    }
    ++groups.count.back();
    groups.group_of[static_cast<std::size_t>(order[i])] =
        static_cast<Index>(groups.first.size()) - 1;
  }
  if (sorted) return groups;

  std::vector<Index> by_first(groups.first.size()), place(groups.first.size());
  std::iota(by_first.begin(), by_first.end(), Index{0});
  std::ranges::sort(by_first, {},
                    [&](Index g) { return groups.first[static_cast<std::size_t>(g)]; });
  Groups renamed = groups;
  for (std::size_t i = 0; i < by_first.size(); ++i) {
    const auto old = static_cast<std::size_t>(by_first[i]);
    place[old] = static_cast<Index>(i);
    renamed.first[i] = groups.first[old];
    renamed.count[i] = groups.count[old];
  }
  for (Index& g : renamed.group_of) g = place[static_cast<std::size_t>(g)];
  return renamed;
}

struct Unique final : DynamicOperator {
  std::optional<Index> axis;
  bool sorted = true;

  std::string_view name() const noexcept override { return "Unique"; }

  std::vector<TensorType> infer(const Operands& in, Index outputs) const override {
    TensorType y = in.type(0);
    Dim n;
    if (!axis) {
      if (const auto shape = y.shape()) n = element_count(*shape);
      y = unknown_extents(y.dtype, 1);
    } else if (y.ranked) {
      Dim& along = y.dims[static_cast<std::size_t>(normalize_axis(*axis, y.rank()))];
      n = along;
      along = Dim::unknown();
    }
    const TensorType list = unknown_extents(DType::kInt64, 1);
    std::vector<TensorType> types = {y, list, {DType::kInt64, Dims{n}}, list};
    types.resize(static_cast<std::size_t>(std::clamp<Index>(outputs, 1, 4)));
    return types;
  }

  std::vector<Tensor> run_dynamic(std::span<const Tensor> in,
                                  std::size_t max_bytes) const override {
    if (in[0].dtype() == DType::kString) return run<std::string>(in[0], max_bytes);
    return dispatch_all(in[0].dtype(), [&](auto tag) {
      return run<typename decltype(tag)::type>(in[0], max_bytes);
    });
  }

 private:
  template <class T>
  std::vector<Tensor> run(const Tensor& x, std::size_t max_bytes) const {
    const Index along = axis ? normalize_axis(*axis, x.rank()) : 0;
    Shape shape = axis ? x.shape() : Shape{x.size()};
    const AxisView from = split_at(shape, along);
    const Slices<T> slices{static_cast<const T*>(x.data()), from};
    const Groups groups = group(
        static_cast<std::size_t>(from.n), [&](Index a, Index b) { return slices.compare(a, b); },
        sorted);
    const Index count = static_cast<Index>(groups.first.size());

    shape[static_cast<std::size_t>(along)] = count;
    Tensor y = make_output(x.dtype(), std::move(shape), max_bytes);
    T* to = static_cast<T*>(y.mutable_data());
    for (Index outer = 0; outer < from.outer; ++outer)
      for (const Index i : groups.first) {
        copy_run(slices.data + (outer * from.n + i) * from.inner, from.inner, to);
        to += from.inner;
      }
    const auto list = [&](const std::vector<Index>& values) {
      Tensor tensor = make_output(DType::kInt64, {static_cast<Index>(values.size())}, max_bytes);
      std::ranges::copy(values, tensor.mutable_values<std::int64_t>().begin());
      return tensor;
    };
    return {std::move(y), list(groups.first), list(groups.group_of), list(groups.count)};
  }
};

}  // namespace

OperatorPtr make_Unique(const Attributes& attributes) {
  auto op = std::make_shared<Unique>();
  if (attributes.has("axis")) op->axis = attributes.integer("axis");
  op->sorted = attributes.flag("sorted", true);
  return op;
}

}  // namespace engine::ops
