#include "ops/batch_normalization.h"

#include "ops/attributes.h"
#include "ops/batch_normalization_training.h"
#include "ops/normalize.h"
#include "ops/store.h"

namespace engine::ops {
namespace {

constexpr const char* kNames[] = {"X", "scale", "B", "input_mean", "input_var"};

}  // namespace

AxisView BatchNormalization::channels(const Shape& x) {
  return x.size() < 2 ? AxisView{product(x, 0, static_cast<Index>(x.size())), 1, 1}
                      : split_at(x, 1);
}

TensorType BatchNormalization::output_type(const Operands& in) {
  const TensorType& x = in.type(0);
  ENGINE_VALIDATE(!x.ranked || x.rank() >= 1, "X is a scalar (at least rank 1 needed)");
  Dim channels = !x.ranked ? Dim::unknown() : x.rank() == 1 ? Dim(1) : x.dims[1];
  for (Index i = 0; i < 5; ++i) {
    const char* name = kNames[i];
    require_type(in, i, name, is_float, "a float type");
    if (i == 0) continue;
    require_rank(in, i, name, 1);
    if (!in.type(i).ranked || !in.type(i).dims[0].known()) continue;
    const Index size = in.type(i).dims[0].value();
    ENGINE_VALIDATE(!channels.known() || channels.value() == size, name, " has ", size, " values, ",
                    channels.value(), " needed (one per channel)");
    channels = size;
  }
  TensorType y = x;
  if (y.ranked && y.rank() > 1 && !y.dims[1].known()) y.dims[1] = channels;
  return y;
}

std::vector<TensorType> BatchNormalization::infer(const Operands& in, Index outputs) const {
  ENGINE_VALIDATE(outputs == 1, "there are ", outputs,
                  " outputs, 1 expected (statistics are updated where training_mode is 1 only)");
  return {output_type(in)};
}

Index BatchNormalization::flops(std::span<const TensorType> in,
                                std::span<const TensorType> out) const {
  return 2 * Operator::flops(in, out);
}

template <class Real>
Fault BatchNormalization::compute(Inputs in, Outputs out) const {
  const AxisView view = channels(in[0].shape());
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    for (Index c = 0; c < view.n; ++c) {
      const Affine<R> line =
          affine(float_element<R>(in[1], c), float_element<R>(in[2], c), float_element<R>(in[3], c),
                 float_element<R>(in[4], c), epsilon);
      for (Index n = 0; n < view.outer; ++n) {
        const Index first = (n * view.n + c) * view.inner;
        const T* x = in[0].as<T>() + first;
        T* y = out[0].as<T>() + first;
        for (Index i = 0; i < view.inner; ++i)
          y[i] = store<T>(std::fma(static_cast<R>(x[i]), line.a, line.b));
      }
    }
  });
  return kNoFault;
}

OperatorPtr make_BatchNormalization(const Attributes& a) {
  const float epsilon = a.number("epsilon", 1e-5f);
  if (!a.flag("training_mode", false)) return std::make_shared<BatchNormalization>(epsilon);
  auto op = std::make_shared<BatchNormalizationTraining>();
  op->epsilon = epsilon;
  op->momentum = a.number("momentum", 0.9f);
  return op;
}

}  // namespace engine::ops
