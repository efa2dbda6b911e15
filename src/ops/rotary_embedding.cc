// Rotary positional embedding: within each head, the pair (x1, x2) of the first `dim` values
// becomes
//   (cos x1 - sin x2, sin x1 + cos x2),  cos and sin taken from caches at the token's position.
//   X  [batch, heads, sequence, head] or [batch, sequence, heads * head]
//   cos_cache, sin_cache  [positions, dim / 2] with position_ids [batch, sequence], or
//                         [batch, sequence, dim / 2] without
// Pairs are halves (i, i + dim / 2), or neighbours (2i, 2i + 1) if interleaved. Each result is a
// product and an fma. Meaning: ONNX RotaryEmbedding, opset 23.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

bool is_int64(DType t) { return t == DType::kInt64; }

struct RotaryEmbedding : ComputingOperator<RotaryEmbedding> {
  Index num_heads = 0, dim = 0;  // 0: not given
  bool interleaved = false;

  std::string_view name() const noexcept override { return "RotaryEmbedding"; }

  // Extents as [batch, sequence, heads, head].
  Dims extents(const Dims& x) const {
    if (x.size() == 4) return {x[0], x[2], x[1], x[3]};
    ENGINE_VALIDATE(x.size() == 3, "X has rank ", x.size(), " (3 or 4 needed)");
    ENGINE_VALIDATE(num_heads >= 1, "num_heads is ", num_heads,
                    " (must be positive where X has rank 3)");
    Dim head = Dim::unknown();
    if (x[2].known()) {
      ENGINE_VALIDATE(x[2].value() % num_heads == 0, "X has hidden size ", x[2].value(),
                      " (must be divisible by num_heads, ", num_heads, ")");
      head = x[2].value() / num_heads;
    }
    return {x[0], x[1], Dim(num_heads), head};
  }

  static void check_extent(const Dim& have, const Dim& need, const char* what) {
    ENGINE_VALIDATE(!have.known() || !need.known() || have == need, what, " is ", have.value(),
                    ", ", need.value(), " needed");
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    require_same_type(in, 0, "X", 1, "cos_cache");
    require_same_type(in, 0, "X", 2, "sin_cache");
    if (in.has(3)) require_type(in, 3, "position_ids", is_int64, "int64");
    if (!in.type(0).ranked) return {in.type(0)};
    const Dims x = extents(in.type(0).dims);
    const Dim rotated = dim ? Dim(dim) : x[3];
    Dim half = Dim::unknown();
    if (rotated.known()) {
      ENGINE_VALIDATE(rotated.value() % 2 == 0, "the rotated size is ", rotated.value(),
                      " (must be even)");
      ENGINE_VALIDATE(!x[3].known() || rotated.value() <= x[3].value(), "rotary_embedding_dim is ",
                      rotated.value(), ", the head size is ", x[3].value());
      half = rotated.value() / 2;
    }
    const bool by_id = in.has(3);
    for (const Index i : {1, 2}) {
      const char* name = i == 1 ? "cos_cache" : "sin_cache";
      require_rank(in, i, name, by_id ? 2 : 3);
      if (!in.type(i).ranked) continue;
      const Dims& cache = in.type(i).dims;
      check_extent(cache.back(), half, "the last extent of a cache");
      if (by_id) continue;
      check_extent(cache[0], x[0], "the batch of a cache");
      check_extent(cache[1], x[1], "the sequence of a cache");
    }
    if (by_id && in.type(1).ranked && in.type(2).ranked)
      check_extent(in.type(2).dims[0], in.type(1).dims[0], "the number of positions in sin_cache");
    if (by_id && in.type(3).ranked) {
      require_rank(in, 3, "position_ids", 2);
      check_extent(in.type(3).dims[0], x[0], "the batch of position_ids");
      check_extent(in.type(3).dims[1], x[1], "the sequence of position_ids");
    }
    return {in.type(0)};
  }

  template <class T, class Real>
  void rotate(const T* x, const T* cos, const T* sin, Index rotated, Index head, T* y) const {
    const Index half = rotated / 2;
    for (Index i = 0; i < half; ++i) {
      const Index first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + half;
      const Real c = static_cast<Real>(cos[i]), s = static_cast<Real>(sin[i]);
      const Real x1 = static_cast<Real>(x[first]), x2 = static_cast<Real>(x[second]);
      y[first] = store<T>(std::fma(c, x1, -(s * x2)));
      y[second] = store<T>(std::fma(s, x1, c * x2));
    }
    for (Index i = rotated; i < head; ++i) y[i] = x[i];
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    if (in[0].size() == 0) return kNoFault;
    const Shape e = *known_shape(extents(to_dims(in[0].shape())));
    const Index batch = e[0], sequence = e[1], heads = e[2], head = e[3];
    const Index rotated = dim ? dim : head, half = rotated / 2;
    const std::int64_t* ids = in.size() > 3 && in[3] ? in[3].as<std::int64_t>() : nullptr;
    const Index positions = in[1].shape()[0];
    for (Index t = 0; ids && t < batch * sequence; ++t)
      if (ids[t] < 0 || ids[t] >= positions)
        return {Status::Fault::kIndexOutOfRange, ids[t], positions};
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (Index b = 0; b < batch; ++b)
        for (Index s = 0; s < sequence; ++s)
          for (Index h = 0; h < heads; ++h) {
            const Index token = b * sequence + s;
            const Index cache = (ids ? ids[token] : token) * half;
            const Index at =
                (in[0].rank() == 4 ? (b * heads + h) * sequence + s : token * heads + h) * head;
            rotate<T, Compute<T, Real>>(in[0].as<T>() + at, in[1].as<T>() + cache,
                                        in[2].as<T>() + cache, rotated, head, out[0].as<T>() + at);
          }
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_RotaryEmbedding(const Attributes& attributes) {
  auto op = std::make_shared<RotaryEmbedding>();
  op->num_heads = attributes.integer("num_heads", 0);
  op->dim = attributes.integer("rotary_embedding_dim", 0);
  op->interleaved = attributes.flag("interleaved", false);
  ENGINE_VALIDATE(op->num_heads >= 0, "num_heads is ", op->num_heads, " (must not be negative)");
  ENGINE_VALIDATE(op->dim >= 0, "rotary_embedding_dim is ", op->dim, " (must not be negative)");
  return op;
}

}  // namespace engine::ops
