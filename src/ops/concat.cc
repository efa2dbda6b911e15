#include "ops/concat.h"

#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

// What two inputs have in common along another axis than the joined one.
Dim unify(const Dim& a, const Dim& b, const TensorType& first, const TensorType& other) {
  ENGINE_VALIDATE(!a.known() || !b.known() || a.value() == b.value(), "inputs ", to_string(first),
                  " and ", to_string(other), " differ in an axis that is not joined");
  if (a.known()) return a;
  return b.known() || a.symbol().empty() ? b : a;
}

Dim sum(const Dim& a, const Dim& b) {
  if (a.value() == 0) return b;
  if (b.value() == 0) return a;
  if (!a.known() || !b.known()) return Dim::unknown();
  Index total;
  ENGINE_VALIDATE(!__builtin_add_overflow(a.value(), b.value(), &total), "extents ", a.value(),
                  " and ", b.value(), " overflow 64 bits together");
  return Dim(total);
}

}  // namespace

std::vector<TensorType> Concat::infer(const Operands& in, Index) const {
  std::optional<TensorType> out;
  bool all_ranked = true;
  Index joined = 0;
  for (Index i = 0; i < in.size(); ++i) {
    require_same_type(in, 0, "input 0", i, concat("input ", i).c_str());
    const TensorType& x = in.type(i);
    if (!x.ranked) {
      all_ranked = false;
      continue;
    }
    if (!out) {
      out = x;
      joined = normalize_axis(axis, x.rank());
      continue;
    }
    ENGINE_VALIDATE(x.rank() == out->rank(), "input ", i, " is ", to_string(x),
                    ", an earlier one has rank ", out->rank(), " (all must have one rank)");
    for (std::size_t k = 0; k < x.dims.size(); ++k) {
      Dim& dim = out->dims[k];
      dim = static_cast<Index>(k) == joined ? sum(dim, x.dims[k]) : unify(dim, x.dims[k], *out, x);
    }
  }
  if (!out) return {TensorType::unranked(in.dtype(0))};
  if (!all_ranked) out->dims[static_cast<std::size_t>(joined)] = Dim::unknown();
  return {std::move(*out)};
}

std::optional<Dims> Concat::infer_extents(const Operands& in) const {
  constexpr Index kLongest = 1024;
  Dims all;
  bool any_known = false;
  for (Index i = 0; i < in.size(); ++i) {
    const TensorType& x = in.type(i);
    if (!x.ranked || x.rank() != 1 || !x.dims[0].known()) return std::nullopt;
    const Index length = x.dims[0].value();
    if (static_cast<Index>(all.size()) + length > kLongest) return std::nullopt;
    if (const auto part = list_extents(in, i)) {
      any_known = true;
      all.insert(all.end(), part->begin(), part->end());
    } else {
      all.insert(all.end(), static_cast<std::size_t>(length), Dim::unknown());
    }
  }
  return any_known ? std::optional(std::move(all)) : std::nullopt;
}

Fault Concat::move(Inputs in, Outputs out) const {
  const AxisView y = split_at(out[0].shape(), normalize_axis(axis, out[0].rank()));
  const Index row = y.n * y.inner;
  if (y.outer * row == 0) return kNoFault;
  dispatch_move(out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* to = elements<T>(out[0]);
    for (const Input& x : in) {
      const T* from = elements<T>(x);
      const Index run = x.size() / y.outer;
      for (Index i = 0; i < y.outer; ++i) copy_run(from + i * run, run, to + i * row);
      to += run;
    }
  });
  return kNoFault;
}

OperatorPtr make_Concat(const Attributes& attributes) {
  auto op = std::make_shared<Concat>();
  op->axis = attributes.integer("axis");
  return op;
}

}  // namespace engine::ops
