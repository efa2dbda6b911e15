#include "ops/group_normalization.h"

#include "ops/attributes.h"
#include "ops/normalize.h"
#include "ops/store.h"

namespace engine::ops {

GroupNormalization::View GroupNormalization::view(const Shape& x) const {
  const Index count = groups == 0 ? x[1] : groups;
  const Index positions = product(x, 2, static_cast<Index>(x.size()));
  return {x[0] * count, count, count == 0 ? 0 : x[1] / count, positions};
}

std::vector<TensorType> GroupNormalization::infer(const Operands& in, Index) const {
  require_type(in, 0, "X", is_float, "a float type");
  const TensorType& x = in.type(0);
  ENGINE_VALIDATE(!x.ranked || x.rank() >= 2, "X is ", to_string(x), " (at least rank 2 needed)");
  Dim channels = x.ranked ? x.dims[1] : Dim::unknown();
  if (groups > 0 && channels.known())
    ENGINE_VALIDATE(channels.value() % groups == 0, "num_groups is ", groups, ", X has ",
                    channels.value(), " channels (they do not divide evenly)");
  Dim needed = channels;
  for (const Index i : {1, 2}) {
    const char* name = i == 1 ? "scale" : "bias";
    require_same_type(in, 0, "X", i, name);
    require_rank(in, i, name, 1);
    if (!in.type(i).ranked || !in.type(i).dims[0].known()) continue;
    const Index size = in.type(i).dims[0].value();
    ENGINE_VALIDATE(!needed.known() || needed.value() == size, name, " has ", size, " values, ",
                    needed.value(), " needed (one per channel)");
    needed = size;
  }
  return {x};
}

Index GroupNormalization::flops(std::span<const TensorType> in,
                                std::span<const TensorType> out) const {
  return 7 * Operator::flops(in, out);
}

std::string GroupNormalization::describe() const {
  return groups == 0 ? concat("epsilon=", epsilon)
                     : concat("num_groups=", groups, " epsilon=", epsilon);
}

template <class Real>
Fault GroupNormalization::compute(Inputs in, Outputs out) const {
  const View v = view(in[0].shape());
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    const Index n = v.channels * v.positions;
    for (Index row = 0; row < v.rows; ++row) {
      const T* x = in[0].as<T>() + row * n;
      T* y = out[0].as<T>() + row * n;
      const Moments<R> m = moments<R>(x, n, epsilon, false);
      for (Index i = 0; i < n; ++i) {
        const Index c = row % v.groups * v.channels + i / v.positions;
        const R scale = static_cast<R>(in[1].as<T>()[c]), bias = static_cast<R>(in[2].as<T>()[c]);
        y[i] = store<T>(std::fma((static_cast<R>(x[i]) - m.mean) * m.inverse, scale, bias));
      }
    }
  });
  return kNoFault;
}

OperatorPtr make_InstanceNormalization(const Attributes& a) {
  return std::make_shared<GroupNormalization>(0, a.number("epsilon", 1e-5f));
}

OperatorPtr make_GroupNormalization(const Attributes& a) {
  const Index groups = a.integer("num_groups");
  ENGINE_VALIDATE(groups > 0, "num_groups is ", groups, " (must be positive)");
  return std::make_shared<GroupNormalization>(groups, a.number("epsilon", 1e-5f));
}

}  // namespace engine::ops
