#include "ops/scatter.h"

#include "ops/along_axis.h"
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/index_tuples.h"

namespace engine::ops {
namespace {

void require_reducible(const Operands& in, Reduction reduction) {
  ENGINE_VALIDATE(in.dtype(0) != DType::kString || reduction == Reduction::kNone,
                  "data is string (which has no reduction)");
  require_same_type(in, 0, "data", 2, "updates");
}

// Throws if both extents are known and differ.
void require_extent(const Dim& is, const Dim& needed, const TensorType& updates, std::size_t axis) {
  ENGINE_VALIDATE(!is.known() || !needed.known() || is.value() == needed.value(), "updates is ",
                  to_string(updates), ", extent ", to_string(needed), " needed along axis ", axis);
}

}  // namespace

std::vector<TensorType> ScatterElements::infer(const Operands& in, Index) const {
  require_index_type(in, 1, "indices");
  require_reducible(in, reduction);
  const TensorType& data = in.type(0);
  const TensorType &indices = in.type(1), &updates = in.type(2);
  if (!data.ranked) return {data};
  const auto along = static_cast<std::size_t>(normalize_axis(axis, data.rank()));
  require_rank(in, 1, "indices", data.rank());
  require_rank(in, 2, "updates", data.rank());
  for (std::size_t i = 0; i < data.dims.size() && indices.ranked; ++i) {
    const Dim &size = data.dims[i], &used = indices.dims[i];
    ENGINE_VALIDATE(i == along || !size.known() || !used.known() || used.value() <= size.value(),
                    "indices is ", to_string(indices), ", data is ", to_string(data),
                    " (indices must not be larger along axis ", i, ")");
    if (updates.ranked) require_extent(updates.dims[i], used, updates, i);
  }
  return {data};
}

template <class Real>
Fault ScatterElements::compute(Inputs in, Outputs out) const {
  if (in[1].shape() != in[2].shape()) return bad_shape(in[1].size(), in[2].size());
  const AlongAxis along(in[0].shape(), in[1].shape(), axis);
  Fault fault = along.fault;
  if (!fault.ok()) return fault;
  dispatch_scatter(in[0].dtype, reduction, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* updates = elements<T>(in[2]);
    T* y = elements<T>(out[0]);
    copy_run(elements<T>(in[0]), in[0].size(), y);
    const Index n = along.n, step = along.step;
    const auto run = [&](Index from, const auto& to, Index count, const auto& stride) {
      for (Index k = 0; k < count; ++k) {
        const Index index = index_at(in[1], from + k);
        const Index i = wrap_index(index, n);
        if (i < 0) {
          fault = out_of_range(index, n);
          return;
        }
        scatter_to<Real>(reduction, y[to[0] + k * stride[0] + i * step], updates[from + k]);
      }
    };
    strided_loop(merge_axes(along.elements), {}, run);
  });
  return fault;
}

std::vector<TensorType> ScatterND::infer(const Operands& in, Index) const {
  require_type(
      in, 1, "indices", [](DType t) { return t == DType::kInt64; }, "int64");
  require_reducible(in, reduction);
  const TensorType& data = in.type(0);
  const TensorType &indices = in.type(1), &updates = in.type(2);
  if (!data.ranked || !indices.ranked) return {data};
  ENGINE_VALIDATE(indices.rank() >= 1, "indices is a scalar (its last axis must be the tuples)");
  const Dim& depth = indices.dims.back();
  if (!depth.known()) return {data};
  ENGINE_VALIDATE(depth.value() <= data.rank(), "indices has tuples of ", depth.value(),
                  ", data is ", to_string(data));
  Dims wanted(indices.dims.begin(), indices.dims.end() - 1);
  wanted.insert(wanted.end(), data.dims.begin() + depth.value(), data.dims.end());
  require_rank(in, 2, "updates", static_cast<Index>(wanted.size()));
  for (std::size_t i = 0; i < wanted.size() && updates.ranked; ++i)
    require_extent(updates.dims[i], wanted[i], updates, i);
  return {data};
}

template <class Real>
Fault ScatterND::compute(Inputs in, Outputs out) const {
  const Shape& data = in[0].shape();
  const Shape& indices = in[1].shape();
  const Index rows = product(indices, 0, in[1].rank() - 1);
  const Index run = product(data, indices.back(), in[0].rank());
  if (in[2].size() != rows * run) return bad_shape(in[2].size(), rows * run);
  const IndexTuples tuples(in[1], data, 0);
  Fault fault;
  dispatch_scatter(in[0].dtype, reduction, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* updates = elements<T>(in[2]);
    T* y = elements<T>(out[0]);
    copy_run(elements<T>(in[0]), in[0].size(), y);
    for (Index i = 0; i < rows; ++i) {
      const Index offset = tuples.offset(i, fault);
      if (offset < 0) return;
      const T* from = updates + i * run;
      if (reduction == Reduction::kNone) copy_run(from, run, y + offset);
      else
        for (Index k = 0; k < run; ++k) scatter_to<Real>(reduction, y[offset + k], from[k]);
    }
  });
  return fault;
}

// Whoever makes one of these refers to both.
template Fault ScatterElements::compute<float>(Inputs, Outputs) const;
template Fault ScatterElements::compute<double>(Inputs, Outputs) const;
template Fault ScatterND::compute<float>(Inputs, Outputs) const;
template Fault ScatterND::compute<double>(Inputs, Outputs) const;

OperatorPtr make_ScatterElements(const Attributes& attributes) {
  auto op = std::make_shared<ScatterElements>();
  op->axis = attributes.integer("axis", 0);
  op->reduction = parse_reduction(attributes);
  return op;
}

OperatorPtr make_Scatter(const Attributes& attributes) { return make_ScatterElements(attributes); }

OperatorPtr make_ScatterND(const Attributes& attributes) {
  auto op = std::make_shared<ScatterND>();
  op->reduction = parse_reduction(attributes);
  return op;
}

}  // namespace engine::ops
