// Windows over up to three spatial axes of plain tensors [n, channels, spatial..], element by
// element: what the kernels of blocked tensors leave, in the order of the operators' own texts.
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/windows.inc"

// ops/conv.h, `section` channels in a chain. Bias and residual may be null.
kernel void conv_any(global const float* x, global const float* w, global const float* bias,
                     global const float* residual, global float* y, int8 size, int8 window,
                     int8 steps, int section, float low, float high, int elements, int each) {
  const int pixels = volume(size.s345), image = volume(size.s012), taps = volume(window.s012);
  const int channels = size.s6;
  EACH_ELEMENT(i) {
    const int m = i / pixels % window.s7, n = i / pixels / window.s7;
    const int3 origin = position_of(i % pixels, size.s345) * window.s345 - steps.s345;
    global const float* from = x + (n * window.s6 + m / size.s7 * channels) * image;
    global const float* filter = w + m * channels * taps;
    float total = 0, sum = 0;
    for (int block = 0; block < channels; block += 16) {
      if (block > 0 && block % section == 0) {
        total = block == section ? sum : total + sum;
        sum = 0;
      }
      for (int tap = 0; tap < taps; ++tap) {
        const int at = input_at(size, steps, origin, position_of(tap, window.s012));
        for (int c = block; c < min(block + 16, channels); ++c)
          sum = fma(filter[c * taps + tap], at < 0 ? 0.0f : from[c * image + at], sum);
      }
    }
    if (channels > section) sum = total + sum;
    if (bias) sum += bias[m];
    if (residual) sum += residual[i];
    sum = sum < low ? low : sum;
    y[i] = high < sum ? high : sum;
  }
}

// ops/conv_transpose.h: the same with each input spread over `window`. Bias may be null.
kernel void conv_transpose(global const float* x, global const float* w, global const float* bias,
                           global float* y, int8 size, int8 window, int8 steps, int section,
                           int elements, int each) {
  const int positions = volume(size.s345), image = volume(size.s012), taps = volume(window.s012);
  const int channels = size.s6, filters = size.s7;
  EACH_ELEMENT(i) {
    const int m = i / positions % window.s7, n = i / positions / window.s7;
    const int3 target = position_of(i % positions, size.s345) + steps.s345;
    const int group = m / filters * channels;  // its first input channel
    global const float* from = x + (n * window.s6 + group) * image;
    global const float* filter = w + (group * filters + m % filters) * taps;
    float total = 0, sum = 0;
    for (int block = 0; block < channels; block += 16) {
      if (block > 0 && block % section == 0) {
        total = block == section ? sum : total + sum;
        sum = 0;
      }
      for (int tap = 0; tap < taps; ++tap) {
        const int3 p = target - position_of(tap, window.s012) * steps.s012;
        if (any(p % window.s345 != 0)) continue;
        const int at = input_at(size, (int8)(0), p / window.s345, (int3)(0));
        for (int c = block; c < min(block + 16, channels); ++c)
          sum = fma(filter[c * filters * taps + tap], at < 0 ? 0.0f : from[c * image + at], sum);
      }
    }
    if (channels > section) sum = total + sum;
    y[i] = bias ? sum + bias[m] : sum;
  }
}

// Where an offset in a row-major plane lies in a column-major one.
static int column_major(int at, int3 extents) {
  const int3 p = position_of(at, extents);
  return (p.s2 * extents.s1 + p.s1) * extents.s0 + p.s0;
}

// ops/pooling.h: the first of equal elements, or the first NaN. Either output may be null.
#define MAX_POOL(name, type, lowest)                                                             \
  kernel void name(global const type* x, global type* y, global long* indices, int8 size,        \
                   int8 window, int8 steps, int by_columns, int elements, int each) {            \
    const int pixels = volume(size.s345), image = volume(size.s012);                             \
    EACH_ELEMENT(i) {                                                                            \
      const int plane = i / pixels * image;                                                      \
      const int3 origin = position_of(i % pixels, size.s345) * window.s345 - steps.s345;         \
      type best = lowest;                                                                        \
      int where = -1;                                                                            \
      for (int tap = 0; tap < volume(window.s012); ++tap) {                                      \
        const int at = input_at(size, steps, origin, position_of(tap, window.s012));             \
        if (at < 0) continue;                                                                    \
        const type v = x[plane + at];                                                            \
        if (where >= 0 && !(v > best) && !(v != v && best == best)) continue;                    \
        best = v;                                                                                \
        where = at;                                                                              \
      }                                                                                          \
      if (y) y[i] = best;                                                                        \
      if (!indices) continue;                                                                    \
      indices[i] = where < 0 ? -1 : plane + (by_columns ? column_major(where, size.s012) : where); \
    }                                                                                            \
  }
MAX_POOL(max_pool_float32, float, -INFINITY)
MAX_POOL(max_pool_int8, char, CHAR_MIN)
MAX_POOL(max_pool_uint8, uchar, 0)

// Taps of a window along an axis at positions below `bound`.
static int taps_below(int bound, int origin, int dilation, int taps) {
  const int span = bound - origin;
  return span <= 0 ? 0 : min(taps, (span + dilation - 1) / dilation);
}

//   counted   first positions that count in the divisor, first ones behind that do not
kernel void average_pool_any(global const float* x, global float* y, int8 size, int8 window,
                             int8 steps, int8 counted, int elements, int each) {
  const int pixels = volume(size.s345), image = volume(size.s012);
  EACH_ELEMENT(i) {
    const int3 origin = position_of(i % pixels, size.s345) * window.s345 - steps.s345;
    float sum = 0, count = 1;
    for (int tap = 0; tap < volume(window.s012); ++tap) {
      const int at = input_at(size, steps, origin, position_of(tap, window.s012));
      if (at >= 0) sum += x[i / pixels * image + at];
    }
#define COUNT(low, high, k)                                                                      \
  count *= (float)max(0, taps_below(counted.s##high, origin.s##k, steps.s##k, window.s##k) -     \
                             taps_below(counted.s##low, origin.s##k, steps.s##k, window.s##k));
    COUNT(0, 3, 0)
    COUNT(1, 4, 1)
    COUNT(2, 5, 2)
    y[i] = sum / count;
  }
}
