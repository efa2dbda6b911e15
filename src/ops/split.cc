#include "ops/split.h"

#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

// The extent of part i when n is cut into `parts` of equal size with a smaller last one; negative
// if the earlier parts already take more than n.
Index equal_part(Index n, Index parts, Index i) {
  const Index size = n / parts + (n % parts != 0);
  return i + 1 < parts ? size : n - size * (parts - 1);
}

}  // namespace

std::vector<TensorType> Split::infer(const Operands& in, Index outputs) const {
  const TensorType& x = in.type(0);
  const bool listed = in.has(1);
  ENGINE_VALIDATE(!listed || num_outputs == 0, "split and num_outputs are both given");
  ENGINE_VALIDATE(num_outputs == 0 || num_outputs == outputs, "num_outputs is ", num_outputs,
                  ", the node has ", outputs, " outputs");
  std::optional<std::vector<Index>> sizes;
  if (listed) {
    require_type(
        in, 1, "split", [](DType t) { return t == DType::kInt64; }, "int64");
    require_rank(in, 1, "split", 1);
    sizes = in.integers(1);
    ENGINE_VALIDATE(!sizes || static_cast<Index>(sizes->size()) == outputs, "split lists ",
                    sizes->size(), " parts, the node has ", outputs, " outputs");
  }
  if (!x.ranked)
    return std::vector(static_cast<std::size_t>(outputs), TensorType::unranked(x.dtype));
  const auto along = static_cast<std::size_t>(normalize_axis(axis, x.rank()));
  const Dim& n = x.dims[along];
  if (!listed && n.known()) {
    sizes.emplace();
    for (Index i = 0; i < outputs; ++i) sizes->push_back(equal_part(n.value(), outputs, i));
  }
  std::vector<TensorType> types(static_cast<std::size_t>(outputs), x);
  if (!listed && outputs == 1) return types;
  Index total = 0;
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i].dims[along] = sizes ? Dim((*sizes)[i]) : Dim::unknown();
    if (!sizes) continue;
    ENGINE_VALIDATE((*sizes)[i] >= 0 && !__builtin_add_overflow(total, (*sizes)[i], &total),
                    "part ", i, " has ", (*sizes)[i], " elements of ", to_string(n),
                    " (must not be negative)");
  }
  ENGINE_VALIDATE(!sizes || !n.known() || total == n.value(), "the parts have ", total,
                  " elements together, axis ", axis, " has ", n.value());
  return types;
}

Fault Split::move(Inputs in, Outputs out) const {
  const AxisView x = split_at(in[0].shape(), normalize_axis(axis, in[0].rank()));
  const Index parts = static_cast<Index>(out.size());
  const bool listed = in.size() > 1 && in[1];
  Index begin = 0;
  for (Index k = 0; k < parts; ++k) {
    const Index n = listed ? index_at(in[1], k) : equal_part(x.n, parts, k);
    if (n < 0 || n > x.n - begin) return bad_shape(n, x.n - begin);
    const Output& y = out[static_cast<std::size_t>(k)];
    if (y) {
      const Index run = n * x.inner;
      if (y.size() != x.outer * run) return bad_shape(y.size(), x.outer * run);
      dispatch_move(y.dtype, [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* from = elements<T>(in[0]) + begin * x.inner;
        for (Index i = 0; i < x.outer; ++i)
          copy_run(from + i * x.n * x.inner, run, elements<T>(y) + i * run);
      });
    }
    begin += n;
  }
  return kNoFault;
}

OperatorPtr make_Split(const Attributes& attributes) {
  auto op = std::make_shared<Split>();
  op->axis = attributes.integer("axis", 0);
  op->num_outputs = attributes.integer("num_outputs", 0);
  ENGINE_VALIDATE(op->num_outputs > 0 || !attributes.has("num_outputs"), "num_outputs is ",
                  op->num_outputs, " (must be positive)");
  return op;
}

}  // namespace engine::ops
