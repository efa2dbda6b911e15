#include "ops/attention.h"

#include "numerics/contract.h"
#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/element_type.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace engine::ops {
namespace {

enum InputIndex { kQ, kK, kV, kMask, kPastKey, kPastValue, kNonpad };

bool is_mask(DType t) { return t != DType::kString && t != DType::kInt4 && t != DType::kUInt4; }
bool is_int64(DType t) { return t == DType::kInt64; }

Input optional(Inputs in, std::size_t i) { return i < in.size() ? in[i] : Input{}; }
Output optional(Outputs out, std::size_t i) { return i < out.size() ? out[i] : Output{}; }

// Extents of rank 3 or 4 as [batch, heads, sequence, head].
struct Heads {
  Dim batch, heads, sequence, head;
};

Heads split_heads(const Dims& dims, Index count, const char* name, const char* attribute) {
  if (dims.size() == 4) return {dims[0], dims[1], dims[2], dims[3]};
  ENGINE_VALIDATE(dims.size() == 3, name, " has rank ", dims.size(), " (3 or 4 needed)");
  ENGINE_VALIDATE(count >= 1, attribute, " is ", count, " (must be positive where ", name,
                  " has rank 3)");
  Heads heads{dims[0], Dim(count), dims[1], Dim::unknown()};
  if (dims[2].known()) {
    ENGINE_VALIDATE(dims[2].value() % count == 0, name, " has hidden size ", dims[2].value(),
                    " (must be divisible by ", attribute, ", ", count, ")");
    heads.head = dims[2].value() / count;
  }
  return heads;
}

// Throws if both are known and differ, else the one that is known.
Dim same(const Dim& a, const Dim& b, const char* what) {
  ENGINE_VALIDATE(!a.known() || !b.known() || a == b, what, " is ", a.value(), " and ", b.value(),
                  " (must be the same)");
  return a.known() ? a : b;
}

Dim sum(const Dim& a, const Dim& b) {
  if (a.known() && a.value() == 0) return b;
  if (!a.known() || !b.known()) return Dim::unknown();
  Index total;
  ENGINE_VALIDATE(!__builtin_add_overflow(a.value(), b.value(), &total), "the sequence overflows");
  return total;
}

Dim times(const Dim& a, const Dim& b) {
  if (!a.known() || !b.known()) return Dim::unknown();
  Index product;
  ENGINE_VALIDATE(!__builtin_mul_overflow(a.value(), b.value(), &product),
                  "the hidden size overflows");
  return product;
}

// The last axis of a mask may be shorter than the keys; the others broadcast.
void check_mask(const TensorType& mask, const Dims& scores) {
  if (!mask.ranked) return;
  ENGINE_VALIDATE(mask.rank() >= 1 && mask.rank() <= 4, "attn_mask has rank ", mask.rank(),
                  " (1 to 4 needed)");
  const std::size_t skip = 4 - mask.dims.size();
  for (std::size_t i = 0; i < mask.dims.size(); ++i) {
    const Dim &have = mask.dims[i], &need = scores[skip + i];
    if (!have.known() || !need.known()) continue;
    const bool fits =
        skip + i == 3 ? have.value() <= need.value() : have == need || have.value() == 1;
    ENGINE_VALIDATE(fits, "attn_mask is ", to_string(mask.dims), ", the scores are ",
                    to_string(scores), " (must broadcast, the last axis may be shorter)");
  }
}

// Where element [b, h, s, 0] of a tensor of rank 3 or 4 lies.
Index offset(const AttentionShape& a, Index heads, Index sequence, Index head, Index b, Index h,
             Index s) {
  if (a.packed) return ((b * sequence + s) * heads + h) * head;
  return ((b * heads + h) * sequence + s) * head;
}

// past [batch, heads, past, head] and current behind it, as present [batch, heads, total, head].
template <class T>
void join(const AttentionShape& a, Index head, const Input& past, const Input& current,
          T* present) {
  for (Index b = 0; b < a.batch; ++b)
    for (Index h = 0; h < a.kv_heads; ++h) {
      if (past) {
        const T* from = past.as<T>() + (b * a.kv_heads + h) * a.past * head;
        present = std::copy_n(from, a.past * head, present);
      }
      for (Index s = 0; s < a.keys; ++s)
        present = std::copy_n(current.as<T>() + offset(a, a.kv_heads, a.keys, head, b, h, s), head,
                              present);
    }
}

// Key or value rows, wherever they are: in front the past, then the current ones.
template <class T>
struct Cache {
  const AttentionShape& a;
  Index head;
  const T *past, *current;
  const T* row(Index b, Index h, Index s) const {
    if (s < a.past) return past + ((b * a.kv_heads + h) * a.past + s) * head;
    return current + offset(a, a.kv_heads, a.keys, head, b, h, s - a.past);
  }
};

// The value that is added to the scores of one query, for all keys: from attn_mask alone.
template <class Real>
void read_mask(const Input& mask, const AttentionShape& a, Index b, Index h, Index q,
               std::vector<Real>& bias) {
  constexpr Real kMinusInfinity = -std::numeric_limits<Real>::infinity();
  std::ranges::fill(bias, Real(0));
  if (!mask) return;
  const Shape& shape = mask.shape();
  const Index keys = shape.back();
  Index row = 0;
  const Index at[] = {b, h, q};
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) {
    const Index position = at[i + 4 - shape.size()];
    row = row * shape[i] + (shape[i] == 1 ? 0 : position);
  }
  dispatch_all(mask.dtype, [&](auto tag) {
    using M = typename decltype(tag)::type;
    const M* values = mask.as<M>() + row * keys;
    for (Index k = 0; k < a.total(); ++k) {
      Real& value = bias[static_cast<std::size_t>(k)];
      // A last axis of 1 broadcasts only where there is one key; a shorter one hides the rest.
      if (k >= keys) value = kMinusInfinity;
      else if constexpr (std::is_same_v<M, bool>) value = values[k] ? Real(0) : kMinusInfinity;
      else value = static_cast<Real>(values[k]);
    }
  });
}

}  // namespace

AttentionShape Attention::shape_of(const Shape& q, const Shape& k, const Shape& v,
                                   const Shape* past) const {
  AttentionShape a;
  a.packed = q.size() == 3;
  a.batch = q[0];
  a.heads = a.packed ? q_num_heads : q[1];
  a.kv_heads = a.packed ? kv_num_heads : k[1];
  a.queries = a.packed ? q[1] : q[2];
  a.keys = a.packed ? k[1] : k[2];
  a.head = a.packed ? q[2] / q_num_heads : q[3];
  a.v_head = a.packed ? v[2] / kv_num_heads : v[3];
  a.past = past ? (*past)[2] : 0;
  return a;
}

std::vector<TensorType> Attention::infer(const Operands& in, Index outputs) const {
  require_type(in, kQ, "Q", is_float, "a float type");
  require_same_type(in, kQ, "Q", kK, "K");
  require_type(in, kV, "V", is_float, "a float type");
  ENGINE_VALIDATE(in.dtype(kV) == in.dtype(kQ), "Q is ", to_string(in.dtype(kQ)), ", V is ",
                  to_string(in.dtype(kV)), " (different types are not supported)");
  ENGINE_VALIDATE(in.has(kPastKey) == in.has(kPastValue),
                  "only one of past_key and past_value is given (both or none are needed)");
  if (in.has(kMask)) require_type(in, kMask, "attn_mask", is_mask, "bool or a number type");
  if (in.has(kPastKey)) require_same_type(in, kQ, "Q", kPastKey, "past_key");
  if (in.has(kPastValue)) require_same_type(in, kV, "V", kPastValue, "past_value");
  if (in.has(kNonpad)) require_type(in, kNonpad, "nonpad_kv_seqlen", is_int64, "int64");
  ENGINE_VALIDATE(!in.has(kNonpad) || !in.has(kPastKey),
                  "nonpad_kv_seqlen and past_key are both given (only one of both is legal)");

  const DType dtype = in.dtype(kQ);
  if (!in.type(kQ).ranked || !in.type(kK).ranked || !in.type(kV).ranked)
    return std::vector<TensorType>(static_cast<std::size_t>(outputs), TensorType::unranked(dtype));
  const Index rank = in.type(kQ).rank();
  require_rank(in, kK, "K", rank);
  require_rank(in, kV, "V", rank);
  const Heads q = split_heads(in.type(kQ).dims, q_num_heads, "Q", "q_num_heads");
  const Heads k = split_heads(in.type(kK).dims, kv_num_heads, "K", "kv_num_heads");
  const Heads v = split_heads(in.type(kV).dims, kv_num_heads, "V", "kv_num_heads");
  Dim batch = same(same(q.batch, k.batch, "the batch"), v.batch, "the batch");
  if (!batch.known()) batch = in.type(kQ).dims[0];
  const Dim kv_heads = same(k.heads, v.heads, "the number of key and value heads");
  same(q.head, k.head, "the head size of Q and K");
  const Dim keys = same(k.sequence, v.sequence, "the sequence of K and V");
  if (q.heads.known() && kv_heads.known())
    ENGINE_VALIDATE(kv_heads.value() > 0 && q.heads.value() % kv_heads.value() == 0, "there are ",
                    q.heads.value(), " query heads and ", kv_heads.value(),
                    " key heads (the former must be a multiple of the latter)");
  Dim past = 0;
  if (in.has(kPastKey)) {
    past = Dim::unknown();
    for (const Index i : {kPastKey, kPastValue}) {
      require_rank(in, i, i == kPastKey ? "past_key" : "past_value", 4);
      if (!in.type(i).ranked) continue;
      const Dims& dims = in.type(i).dims;
      same(batch, dims[0], "the batch of Q and the past");
      same(kv_heads, dims[1], "the number of key heads of K and the past");
      past = same(past, dims[2], "the sequence of past_key and past_value");
      same(i == kPastKey ? k.head : v.head, dims[3], "the head size of K or V and the past");
    }
  }
  if (in.has(kNonpad) && in.type(kNonpad).ranked) {
    require_rank(in, kNonpad, "nonpad_kv_seqlen", 1);
    same(batch, in.type(kNonpad).dims[0], "the batch of Q and nonpad_kv_seqlen");
  }
  const Dim total = sum(past, keys);
  const Dims scores = {batch, q.heads, q.sequence, total};
  if (in.has(kMask)) check_mask(in.type(kMask), scores);

  std::vector<TensorType> types = {
      TensorType(dtype, rank == 3 ? Dims{batch, q.sequence, times(q.heads, v.head)}
                                  : Dims{batch, q.heads, q.sequence, v.head}),
      TensorType(dtype, Dims{batch, kv_heads, total, k.head}),
      TensorType(dtype, Dims{batch, kv_heads, total, v.head}), TensorType(dtype, scores)};
  types.resize(static_cast<std::size_t>(std::min<Index>(outputs, 4)));
  return types;
}

template <class Real>
Fault Attention::compute(Inputs in, Outputs out) const {
  const Input mask = optional(in, kMask), past_key = optional(in, kPastKey);
  const Input past_value = optional(in, kPastValue), nonpad = optional(in, kNonpad);
  const AttentionShape a = shape_of(in[kQ].shape(), in[kK].shape(), in[kV].shape(),
                                    past_key ? past_key.extents : nullptr);
  if (nonpad)
    for (Index b = 0; b < a.batch; ++b)
      if (const std::int64_t n = nonpad.as<std::int64_t>()[b]; n < 0 || n > a.total())
        return {Status::Fault::kIndexOutOfRange, n, a.total()};

  dispatch_float(in[kQ].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using R = Compute<T, Real>;
    constexpr R kMinusInfinity = -std::numeric_limits<R>::infinity();
    if (const Output o = optional(out, 1)) join(a, a.head, past_key, in[kK], o.as<T>());
    if (const Output o = optional(out, 2)) join(a, a.v_head, past_value, in[kV], o.as<T>());
    const Output qk = optional(out, 3);
    if ((!out[0] || out[0].size() == 0) && (!qk || qk.size() == 0)) return;

    const R factor =
        std::sqrt(scale ? static_cast<R>(*scale) : R(1) / std::sqrt(static_cast<R>(a.head)));
    const R cap = static_cast<R>(softcap);
    const Cache<T> keys{a, a.head, past_key ? past_key.as<T>() : nullptr, in[kK].as<T>()};
    const Cache<T> values{a, a.v_head, past_value ? past_value.as<T>() : nullptr, in[kV].as<T>()};
    const std::size_t total = static_cast<std::size_t>(a.total());
    std::vector<R> query(static_cast<std::size_t>(a.head)), score(total), bias(total);
    const auto expose = [&](Index row, const std::vector<R>& from) {
      for (std::size_t j = 0; j < total; ++j)
        qk.as<T>()[row * a.total() + static_cast<Index>(j)] = store<T>(from[j]);
    };

    for (Index b = 0; b < a.batch; ++b)
      for (Index h = 0; h < a.heads; ++h)
        for (Index i = 0; i < a.queries; ++i) {
          const Index kv = h / (a.heads / a.kv_heads), row = (b * a.heads + h) * a.queries + i;
          const Index valid = nonpad ? nonpad.as<std::int64_t>()[b] : a.total();
          const Index position = i + (nonpad ? valid - a.queries : a.past);
          const T* q = in[kQ].as<T>() + offset(a, a.heads, a.queries, a.head, b, h, i);
          for (Index d = 0; d < a.head; ++d)
            query[static_cast<std::size_t>(d)] = static_cast<R>(q[d]) * factor;

          for (std::size_t j = 0; j < total; ++j) {
            const T* k = keys.row(b, kv, static_cast<Index>(j));
            R dot = 0;
            for (std::size_t d = 0; d < query.size(); ++d)
              dot = std::fma(query[d], static_cast<R>(k[d]) * factor, dot);
            score[j] = dot;
          }
          if (qk && qk_mode == 0) expose(row, score);
          if (softcap > 0)
            for (R& s : score) s = cap * numerics::tanh(s / cap);
          if (qk && qk_mode == 1) expose(row, score);

          read_mask(mask, a, b, h, i, bias);
          bool any = false;
          for (Index j = 0; j < a.total(); ++j) {
            const bool seen = (!is_causal || j <= position) && j < valid &&
                              (left_window < 0 || j >= position - left_window) &&
                              (right_window < 0 || j <= position + right_window);
            const auto at = static_cast<std::size_t>(j);
            if (!seen) bias[at] = kMinusInfinity;
            any = any || bias[at] != kMinusInfinity;
            score[at] += bias[at];
          }
          if (qk && qk_mode == 2) expose(row, score);

          R max = kMinusInfinity;
          for (const R s : score) max = s > max || s != s ? s : max;
          for (R& s : score) s = any ? numerics::exp(s - max) : R(0);
          const R sum = numerics::lane_sum<R>(
              a.total(), [&](Index j) { return score[static_cast<std::size_t>(j)]; });
          for (R& s : score) s = any ? s / sum : R(0);
          if (qk && qk_mode == 3) expose(row, score);

          if (!out[0]) continue;
          T* y = out[0].as<T>() + offset(a, a.heads, a.queries, a.v_head, b, h, i);
          for (Index d = 0; d < a.v_head; ++d) {
            R result = 0;
            for (std::size_t j = 0; any && j < total; ++j)
              result = std::fma(
                  score[j], static_cast<R>(values.row(b, kv, static_cast<Index>(j))[d]), result);
            y[d] = store<T>(result);
          }
        }
  });
  return kNoFault;
}

template Fault Attention::compute<float>(Inputs, Outputs) const;
template Fault Attention::compute<double>(Inputs, Outputs) const;

Index Attention::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  const auto q = in[kQ].shape(), k = in[kK].shape(), v = in[kV].shape();
  if (!q || !k || !v) return 0;
  const std::optional<Shape> past =
      in.size() > kPastKey && in[kPastKey].rank() == 4 ? in[kPastKey].shape() : std::nullopt;
  const AttentionShape a = shape_of(*q, *k, *v, past ? &*past : nullptr);
  return 2 * a.batch * a.heads * a.queries * a.total() * (a.head + a.v_head);
}

std::string Attention::describe() const {
  std::string text = is_causal ? "causal" : "";
  if (q_num_heads)
    text += concat(text.empty() ? "" : " ", "heads=", q_num_heads, "/", kv_num_heads);
  return text;
}

OperatorPtr make_Attention(const Attributes& attributes) {
  auto op = std::make_shared<Attention>();
  if (attributes.has("scale")) op->scale = attributes.number("scale");
  ENGINE_VALIDATE(!op->scale || *op->scale >= 0, "scale is ", *op->scale,
                  " (must not be negative)");
  op->softcap = attributes.number("softcap", 0.0f);
  op->is_causal = attributes.flag("is_causal", false);
  op->q_num_heads = attributes.integer("q_num_heads", 0);
  op->kv_num_heads = attributes.integer("kv_num_heads", 0);
  ENGINE_VALIDATE(op->q_num_heads >= 0 && op->kv_num_heads >= 0, "q_num_heads is ", op->q_num_heads,
                  ", kv_num_heads is ", op->kv_num_heads, " (must be positive)");
  op->qk_mode = attributes.integer("qk_matmul_output_mode", 0);
  ENGINE_VALIDATE(op->qk_mode >= 0 && op->qk_mode <= 3, "qk_matmul_output_mode is ", op->qk_mode,
                  " (a number from 0 to 3 needed)");
  op->left_window = attributes.integer("left_window_size", -1);
  op->right_window = attributes.integer("right_window_size", -1);
  for (const Index window : {op->left_window, op->right_window})
    ENGINE_VALIDATE(window >= -1 && window < Index{1} << 62, "a window size is ", window,
                    " (at least -1 needed)");
  // The softmax is computed in at least float32, whatever smaller precision is asked for.
  if (attributes.integer("softmax_precision", 0) != 0)
    element_type(attributes.integer("softmax_precision"));
  return op;
}

}  // namespace engine::ops
