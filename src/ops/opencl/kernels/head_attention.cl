// Attention head by head (ops/head_attention.h). Dimension 1 counts queries, 2 heads of all samples.
#include "ops/opencl/kernels/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"

//   scores  scratch, a row of whole vectors for each query and head
//   shape   queries, keys, heads, depth of q and k, width of v, whether scores are divided, whether
//           there is a bias
//   steps   of the bias, from sample to sample, head, query, key
kernel void head_attention(global const float* q, global const float* k, global const float* v,
                           global const float* bias, global float* y, global float* scores,
                           int8 shape, int8 steps, float factor) {
  FOLD_MEMORY
  const int queries = shape.s0, keys = shape.s1, heads = shape.s2, depth = shape.s3;
  const int width = shape.s4, i = get_global_id(1);
  const int n = get_global_id(2) / heads, h = get_global_id(2) % heads;
  global const float* query = q + ((n * queries + i) * heads + h) * depth;
  global const float* key = k + (n * keys * heads + h) * depth;
  global const float* added = bias + n * steps.s0 + h * steps.s1 + i * steps.s2;
  global float* row = scores + (get_global_id(2) * queries + i) * ((keys + 15) / 16 * 16);

  F largest = K(-INFINITY);
  for (int j = 0; j < keys; j += 16) {
    F sum = K(0.0f);
    for (int d = 0; d < depth; ++d)
      sum = FMA(K(query[d]), load_apart(key + j * heads * depth + d, heads * depth, keys - j), sum);
    sum = shape.s5 ? DIV(sum, K(factor)) : MUL(sum, K(factor));
    if (shape.s6) sum = ADD(sum, load_apart(added + j * steps.s3, steps.s3, keys - j));
    STORE(sum, row + j);
    largest = SEL(valid_lanes(keys - j) & GT(sum, largest), sum, largest);
  }
  const float top = MAX_LANES(largest);
  F sums = K(0.0f);
  for (int j = 0; j < keys; j += 16) {
    const F e = p_exp(SUB(LOAD(row + j), K(top)));
    STORE(e, row + j);
    sums = SEL(valid_lanes(keys - j), ADD(sums, e), sums);
  }
  const F sum = K(SUM_LANES(sums));
  for (int j = 0; j < keys; j += 16) STORE(DIV(LOAD(row + j), sum), row + j);
  barrier(CLK_GLOBAL_MEM_FENCE);  // each lane reads what all have written

  for (int at = 0; at < width; at += 16) {
    F value = K(0.0f);
    for (int j = 0; j < keys; ++j)
      value = FMA(K(row[j]),
                  load_some(v + ((n * keys + j) * heads + h) * width + at, width - at), value);
    store_some(value, y + ((n * queries + i) * heads + h) * width + at, width - at);
  }
}
