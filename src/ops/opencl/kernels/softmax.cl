// Softmax and LogSoftmax (ops/softmax.h): sums run in 16 lanes, element i in lane i mod 16.
#include "ops/opencl/kernels/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"

// x, y [rows, n]: a unit takes `each` rows.
kernel void softmax_rows(global const float* x, global float* y, int rows, int n, int each,
                         int logarithm) {
  FOLD_MEMORY
  const int first = get_global_id(1) * each;
  for (int row = first; row < min(first + each, rows); ++row) {
    global const float* from = x + row * n;
    global float* to = y + row * n;
    if (n <= 16) {  // all of the row at once
      const F v = load_or(from, n, -INFINITY);
      const float most = MAX_LANES(SEL(GT(v, K(-INFINITY)), v, K(-INFINITY)));
      const F shifted = SUB(v, K(most)), e = p_exp(shifted);
      const F sum = K(SUM_LANES(SEL(valid_lanes(n), ADD(K(0.0f), e), K(0.0f))));
      store_some(logarithm ? SUB(shifted, p_log(sum)) : DIV(e, sum), to, n);
      END_SYNCED
      continue;
    }
    // What fills a vector up is smaller than anything, and adds exp(-inf) = +0.
    F largest = K(-INFINITY);
    for (int i = 0; i < n; i += 16) {
      const F v = load_or(from + i, n - i, -INFINITY);
      largest = SEL(GT(v, largest), v, largest);
    }
    const float top = MAX_LANES(largest);
    F sums = K(0.0f);
    for (int i = 0; i < n; i += 16) {
      const F v = load_or(from + i, n - i, -INFINITY);
      sums = SEL(valid_lanes(n - i), ADD(sums, p_exp(SUB(v, K(top)))), sums);
    }
    const F sum = K(SUM_LANES(sums)), log_sum = logarithm ? p_log(sum) : K(0.0f);
    for (int i = 0; i < n; i += 16) {
      const F shifted = SUB(load_some(from + i, n - i), K(top));
      store_some(logarithm ? SUB(shifted, log_sum) : DIV(p_exp(shifted), sum), to + i, n - i);
    }
    END_SYNCED
  }
}

// x, y [rows, n] of at most 8 elements: 16 rows at a time, one in each lane. Lanes of a sum that no
// element falls in would add +0, which changes nothing. A unit takes `each` times 16 rows.
kernel void softmax_narrow(global const float* x, global float* y, int rows, int n, int each,
                           int logarithm) {
  const int first = get_global_id(1) * each * 16;
  for (int row = first; row < min(first + each * 16, rows); row += 16) {
    global const float* from = x + row * n;
    global float* to = y + row * n;
    const int count = rows - row;
    F v[8], e[8], top = K(-INFINITY);
    for (int i = 0; i < 8; ++i) {
      v[i] = load_apart(from + min(i, n - 1), n, count);
      top = SEL(GT(v[i], top), v[i], top);
    }
    for (int i = 0; i < 8; ++i) {
      v[i] = SUB(v[i], top);
      e[i] = i < n ? p_exp(v[i]) : K(0.0f);
    }
    const F sum = ADD(ADD(ADD(e[0], e[4]), ADD(e[2], e[6])), ADD(ADD(e[1], e[5]), ADD(e[3], e[7])));
    const F log_sum = logarithm ? p_log(sum) : K(0.0f);
    for (int i = 0; i < n; ++i)
      store_apart(logarithm ? SUB(v[i], log_sum) : DIV(e[i], sum), to + i, n, count);
  }
}

// x, y [outer, n, inner]: 16 neighbouring slices at a time. Dimension 1 counts vectors of `inner`,
// 2 outer positions.
kernel void softmax_columns(global const float* x, global float* y, int n, int inner,
                            int logarithm) {
  const int at = get_global_id(1) * 16, count = inner - at;
  global const float* from = x + get_global_id(2) * n * inner + at;
  global float* to = y + get_global_id(2) * n * inner + at;
  F top = K(-INFINITY);
  for (int i = 0; i < n; ++i) {
    const F v = load_some(from + i * inner, count);
    top = SEL(GT(v, top), v, top);
  }
  F sums[16];
  for (int i = 0; i < 16; ++i) sums[i] = K(0.0f);
  for (int i = 0; i < n; ++i)
    sums[i % 16] = ADD(sums[i % 16], p_exp(SUB(load_some(from + i * inner, count), top)));
  for (int width = 8; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) sums[i] = ADD(sums[i], sums[i + width]);
  const F log_sum = logarithm ? p_log(sums[0]) : K(0.0f);
  for (int i = 0; i < n; ++i) {
    const F shifted = SUB(load_some(from + i * inner, count), top);
    store_some(logarithm ? SUB(shifted, log_sum) : DIV(p_exp(shifted), sums[0]), to + i * inner,
               count);
  }
}
