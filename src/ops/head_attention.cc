#include "ops/head_attention.h"

#include "base/text.h"
#include "numerics/contract.h"
#include "numerics/elementary.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

// Throws unless two extents may be equal.
void require_equal(const TensorType& a, const TensorType& b, std::size_t axis, const char* what) {
  const Dim &p = a.dims[axis], &q = b.dims[axis];
  ENGINE_VALIDATE(!p.known() || !q.known() || p == q, what, " are ", to_string(a.dims), " and ",
                  to_string(b.dims), " (axis ", axis, " must be the same)");
}

// Scores of one query in place: what softmax makes of them.
template <class Real>
void softmax(std::vector<Real>& scores) {
  Real max = -std::numeric_limits<Real>::infinity();
  for (const Real s : scores) max = s > max ? s : max;
  for (Real& s : scores) s = numerics::exp(s - max);
  const Real sum = numerics::lane_sum<Real>(
      std::ssize(scores), [&](Index i) { return scores[static_cast<std::size_t>(i)]; });
  for (Real& s : scores) s = s / sum;
}

}  // namespace

std::vector<TensorType> HeadAttention::infer(const Operands& in, Index) const {
  require_type(in, kQ, "q", is_float, "a float type");
  require_same_type(in, kQ, "q", kK, "k");
  require_same_type(in, kQ, "q", kV, "v");
  require_rank(in, kQ, "q", 4);
  require_rank(in, kK, "k", 4);
  require_rank(in, kV, "v", 4);
  const TensorType &q = in.type(kQ), &k = in.type(kK), &v = in.type(kV);
  if (!q.ranked || !k.ranked || !v.ranked) return {TensorType::unranked(q.dtype)};
  for (const std::size_t axis : {0, 2, 3}) require_equal(q, k, axis, "q and k");
  for (const std::size_t axis : {0, 1, 2}) require_equal(k, v, axis, "k and v");
  if (in.has(kBias)) {
    require_same_type(in, kQ, "q", kBias, "bias");
    require_rank(in, kBias, "bias", 4);
    const Dims scores = {q.dims[0], q.dims[2], q.dims[1], k.dims[1]};
    if (in.type(kBias).ranked) broadcast(scores, in.type(kBias).dims);
  }
  return {TensorType(q.dtype, Dims{q.dims[0], q.dims[1], q.dims[2], v.dims[3]})};
}

Index HeadAttention::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  const auto q = in[kQ].shape(), k = in[kK].shape(), y = out[0].shape();
  if (!q || !k || !y) return 0;
  constexpr Index kOfScore = 5;  // as Softmax counts, and the scaling
  return product(*q, 0, 3) * (*k)[1] * (2 * (*q)[3] + 2 * (*y)[3] + kOfScore);
}

std::string HeadAttention::describe() const {
  return concat(scale.divides ? "scores/" : "scores*", scale.factor);
}

template <class Real>
Fault HeadAttention::compute(Inputs in, Outputs out) const {
  const Shape &q_shape = in[kQ].shape(), &v_shape = in[kV].shape();
  const Index samples = q_shape[0], queries = q_shape[1], heads = q_shape[2], depth = q_shape[3];
  const Index keys = v_shape[1], width = v_shape[3];
  const bool has_bias = in.size() > kBias && in[kBias];
  const Shape step = has_bias
                         ? broadcast_strides(in[kBias].shape(), {samples, heads, queries, keys})
                         : Shape(4, 0);
  return dispatch_float(in[kQ].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    const auto row = [&](Index n, Index tokens, Index i, Index h) {
      return (n * tokens + i) * heads + h;
    };
    std::vector<R> scores(static_cast<std::size_t>(keys));
    for (Index n = 0; n < samples; ++n)
      for (Index i = 0; i < queries; ++i)
        for (Index h = 0; h < heads; ++h) {
          const T* q = in[kQ].as<T>() + row(n, queries, i, h) * depth;
          const Index bias = n * step[0] + h * step[1] + i * step[2];
          for (Index j = 0; j < keys; ++j) {
            const T* k = in[kK].as<T>() + row(n, keys, j, h) * depth;
            R sum = 0;
            for (Index d = 0; d < depth; ++d)
              sum = std::fma(static_cast<R>(q[d]), static_cast<R>(k[d]), sum);
            const R factor = static_cast<R>(scale.factor);
            R score = scale.divides ? sum / factor : sum * factor;
            if (has_bias) score = score + static_cast<R>(in[kBias].as<T>()[bias + j * step[3]]);
            scores[static_cast<std::size_t>(j)] = score;
          }
          softmax(scores);
          T* y = out[0].as<T>() + row(n, queries, i, h) * width;
          for (Index e = 0; e < width; ++e) {
            R sum = 0;
            for (Index j = 0; j < keys; ++j)
              sum = std::fma(scores[static_cast<std::size_t>(j)],
                             static_cast<R>(in[kV].as<T>()[row(n, keys, j, h) * width + e]), sum);
            y[e] = store<T>(sum);
          }
        }
    return kNoFault;
  });
}

// Whoever makes one of these refers to both.
template Fault HeadAttention::compute<float>(Inputs, Outputs) const;
template Fault HeadAttention::compute<double>(Inputs, Outputs) const;

}  // namespace engine::ops
