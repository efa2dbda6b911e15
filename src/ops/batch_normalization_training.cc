#include "ops/batch_normalization_training.h"

#include "numerics/contract.h"
#include "ops/batch_normalization.h"
#include "ops/normalize.h"
#include "ops/store.h"

#include <vector>

namespace engine::ops {
namespace {

// The elements of channel `c`, one after another.
template <class T>
void gather_channel(const T* x, const AxisView& view, Index c, std::vector<T>& channel) {
  channel.clear();
  channel.reserve(static_cast<std::size_t>(view.outer * view.inner));
  for (Index n = 0; n < view.outer; ++n) {
    const T* first = x + (n * view.n + c) * view.inner;
    channel.insert(channel.end(), first, first + view.inner);
  }
}

// Writes a statistic that is carried from step to step, as the element type of the output.
template <class R>
void carry(Outputs out, std::size_t i, Index c, R before, R now, float momentum) {
  if (out.size() <= i || !out[i]) return;
  const R kept = static_cast<R>(momentum);
  const R value = before * kept + now * (R(1) - kept);
  dispatch_float(out[i].dtype, [&](auto tag) {
    using S = typename decltype(tag)::type;
    out[i].as<S>()[c] = store<S>(value);
  });
}

}  // namespace

std::vector<TensorType> BatchNormalizationTraining::infer(const Operands& in, Index outputs) const {
  ENGINE_VALIDATE(outputs <= 3, "there are ", outputs,
                  " outputs, at most 3 expected (Y, running_mean, running_var)");
  std::vector<TensorType> types = {BatchNormalization::output_type(in)};
  for (const Index i : {3, 4})
    if (static_cast<Index>(types.size()) < outputs) types.push_back(in.type(i));
  return types;
}

Index BatchNormalizationTraining::flops(std::span<const TensorType> in,
                                        std::span<const TensorType> out) const {
  return 6 * Operator::flops(in, out);
}

std::size_t BatchNormalizationTraining::workspace(Inputs in, Outputs) const {
  const AxisView view = BatchNormalization::channels(in[0].shape());
  return static_cast<std::size_t>(view.outer * view.inner) * size_of(in[0].dtype);
}

template <class Real>
Fault BatchNormalizationTraining::compute(Inputs in, Outputs out) const {
  const AxisView view = BatchNormalization::channels(in[0].shape());
  const Index count = view.outer * view.inner;
  dispatch_float(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    std::vector<T> channel;
    for (Index c = 0; c < view.n; ++c) {
      gather_channel(in[0].as<T>(), view, c, channel);
      const Moments<R> m = moments<R>(channel.data(), count, epsilon, false);
      carry(out, 1, c, float_element<R>(in[3], c), m.mean, momentum);
      carry(out, 2, c, float_element<R>(in[4], c), m.var, momentum);
      if (!out[0]) continue;
      const auto line = BatchNormalization::affine(
          float_element<R>(in[1], c), float_element<R>(in[2], c), m.mean, m.var, epsilon);
      const T* x = channel.data();
      for (Index n = 0; n < view.outer; ++n) {
        T* y = out[0].as<T>() + (n * view.n + c) * view.inner;
        for (Index i = 0; i < view.inner; ++i)
          y[i] = store<T>(std::fma(static_cast<R>(*x++), line.a, line.b));
      }
    }
  });
  return kNoFault;
}

template Fault BatchNormalizationTraining::compute<float>(Inputs, Outputs) const;
template Fault BatchNormalizationTraining::compute<double>(Inputs, Outputs) const;

}  // namespace engine::ops
