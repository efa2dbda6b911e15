// Normalizations (ops/layer_normalization.h, ops/batch_normalization.h).
#include "ops/opencl/kernels/common.cl"

// Of a row of n elements, sums in 16 lanes, element i in lane i mod 16: `mean` (0 with `rms`) and
// `inverse`, of which a normalized element is (x - mean) * inverse.
#define MOMENTS(from, n, epsilon, rms)                                                           \
  F sums = K(0.0f), squares = K(0.0f);                                                           \
  for (int i = 0; i < n && !rms; i += 16)                                                        \
    sums = SEL(valid_lanes(n - i), ADD(sums, load_some(from + i, n - i)), sums);                 \
  const F mean = K(rms ? 0.0f : SUM_LANES(sums) / (float)n);                                     \
  for (int i = 0; i < n; i += 16) {                                                              \
    const F v = load_some(from + i, n - i), d = rms ? v : SUB(v, mean);                          \
    squares = SEL(valid_lanes(n - i), FMA(d, d, squares), squares);                              \
  }                                                                                              \
  const F inverse = K(1.0f / sqrt(SUM_LANES(squares) / (float)n + epsilon));

// x, y [rows, n]: a unit takes `each` rows. Scale and bias advance by scale_step and bias_step (1,
// or 0: one value for all). Bias, means and inverses may be null.
kernel void normalize_rows(global const float* x, global const float* scale,
                           global const float* bias, global float* y, global float* means,
                           global float* inverses, int rows, int n, int each, int scale_step,
                           int bias_step, float epsilon, int rms) {
  FOLD_MEMORY
  const int first = get_global_id(1) * each;
  for (int row = first; row < min(first + each, rows); ++row) {
    global const float* from = x + row * n;
    global float* to = y + row * n;
    MOMENTS(from, n, epsilon, rms)
    if (means) store_some(mean, means + row, 1);
    if (inverses) store_some(inverse, inverses + row, 1);
    for (int i = 0; i < n; i += 16) {
      const int count = n - i;
      const F v = load_some(from + i, count), d = rms ? v : SUB(v, mean);
      const F factor = scale_step ? load_some(scale + i, count) : K(*scale);
      F result = MUL(d, inverse);
      if (bias)
        result = FMA(result, factor, bias_step ? load_some(bias + i, count) : K(*bias));
      else result = MUL(result, factor);
      store_some(result, to + i, count);
    }
    END_SYNCED
  }
}

// x, y [rows, channels, positions] (ops/group_normalization.h): channel c of row r has scale and
// bias r % groups * channels + c. A unit takes `each` rows.
kernel void normalize_groups(global const float* x, global const float* scale,
                             global const float* bias, global float* y, int rows, int groups,
                             int channels, int positions, int each, float epsilon) {
  FOLD_MEMORY
  const int first = get_global_id(1) * each, n = channels * positions;
  for (int row = first; row < min(first + each, rows); ++row) {
    global const float* from = x + row * n;
    MOMENTS(from, n, epsilon, 0)
    for (int c = 0; c < channels; ++c) {
      const int at = row % groups * channels + c;
      for (int i = 0; i < positions; i += 16) {
        const int place = c * positions + i, count = positions - i;
        const F d = MUL(SUB(load_some(from + place, count), mean), inverse);
        store_some(FMA(d, K(scale[at]), K(bias[at])), y + row * n + place, count);
      }
    }
    END_SYNCED
  }
}

// x, y [n, channels, positions]: per channel y = fma(x, a, b). Dimension 1 counts parts of `each`
// vectors of a plane, 2 planes.
kernel void batch_planes(global const float* x, global const float* scale, global const float* bias,
                         global const float* mean, global const float* var, global float* y,
                         int channels, int positions, int each, float epsilon) {
  const int plane = get_global_id(2), c = plane % channels;
  const float a = scale[c] / sqrt(var[c] + epsilon), b = fma(-mean[c], a, bias[c]);
  const int first = get_global_id(1) * each * 16, last = min(first + each * 16, positions);
  for (int i = first; i < last; i += 16) {
    const int at = plane * positions + i;
    store_some(FMA(load_some(x + at, positions - i), K(a), K(b)), y + at, positions - i);
  }
}

// x, y [n, channels]. Dimension 1 counts parts of `each` rows, 2 vectors of channels.
kernel void batch_rows(global const float* x, global const float* scale, global const float* bias,
                       global const float* mean, global const float* var, global float* y, int rows,
                       int channels, int each, float epsilon) {
  const int c = get_global_id(2) * 16, count = channels - c;
  const F a = DIV(load_some(scale + c, count), SQRT(ADD(load_some(var + c, count), K(epsilon))));
  const F b = FMA(-load_some(mean + c, count), a, load_some(bias + c, count));
  const int first = get_global_id(1) * each;
  for (int row = first; row < min(first + each, rows); ++row) {
    const int at = row * channels + c;
    store_some(FMA(load_some(x + at, count), a, b), y + at, count);
  }
}
