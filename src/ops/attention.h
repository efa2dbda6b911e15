// Scaled dot-product attention.
#pragma once

#include "ops/operator.h"

#include <optional>

namespace engine::ops {

/// The extents of one call: q [batch, heads, queries, head], k and v [batch, kv_heads, keys, ..],
/// past ones in front of them. `packed`: rank 3, [batch, sequence, heads * head].
struct AttentionShape {
  Index batch = 0, heads = 0, kv_heads = 0, queries = 0, keys = 0, past = 0;
  Index head = 0, v_head = 0;
  bool packed = false;
  Index total() const noexcept { return past + keys; }
};

/// y = softmax(mask(softcap(scale * q k^T)) + bias) v, per batch and head; heads / kv_heads query
/// heads share one key head.
///   inputs   Q, K, V, attn_mask, past_key, past_value, nonpad_kv_seqlen (the last four optional)
///   outputs  Y, present_key, present_value, qk_matmul_output (the last three optional)
/// Query i stands at position offset + i, offset = past length, or nonpad_kv_seqlen - queries;
/// causal and windows compare that with the key's index. A query that may see no key gives zeros.
/// Order: scores are fma chains from +0 over the head, of q * sqrt(scale) and k * sqrt(scale); the
/// softmax sum runs in lanes, the sum over values is a chain from +0 over the keys; exp is divided
/// by the sum before it is multiplied by v. Meaning: ONNX Attention, opset 24 and 25.
struct Attention : ComputingOperator<Attention> {
  std::optional<float> scale;  ///< default 1 / sqrt(head)
  float softcap = 0;
  bool is_causal = false;
  Index q_num_heads = 0, kv_num_heads = 0;  ///< for rank 3; 0: not given
  Index qk_mode = 0;  ///< what qk_matmul_output is: raw, capped, biased, softmax
  Index left_window = -1, right_window = -1;

  std::string_view name() const noexcept override { return "Attention"; }
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;

  AttentionShape shape_of(const Shape& q, const Shape& k, const Shape& v, const Shape* past) const;

  template <class Real>
  Fault compute(Inputs in, Outputs out) const;
};

}  // namespace engine::ops
