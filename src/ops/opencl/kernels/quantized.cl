// Quantising and what computes with quantised elements: sums are exact integers, scales float32.
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/windows.inc"

// The numbers of types in ops/opencl/quantized.cc.
enum { INT8, UINT8, INT16, UINT16, INT32 };

// Element i of a tensor of that type; 0 of one that is absent.
static int whole(global const uchar* p, int i, int type) {
  if (!p) return 0;
  switch (type) {
    case INT8: return ((global const char*)p)[i];
    case UINT8: return p[i];
    case INT16: return ((global const short*)p)[i];
    case UINT16: return ((global const ushort*)p)[i];
  }
  return ((global const int*)p)[i];
}

// round(value) + zero, saturated; halves go to even, NaN counts as 0 (ops/requantize.h).
static void put_rounded(global uchar* y, int i, int type, float value, int zero) {
  const float far = 0x1p40f, rounded = rint(value);
  const long inside =
      rounded != rounded ? 0 : (long)(rounded < -far ? -far : rounded > far ? far : rounded);
  const long sum = inside + zero;
  switch (type) {
    case INT8: ((global char*)y)[i] = (char)clamp(sum, -128L, 127L); break;
    case UINT8: y[i] = (uchar)clamp(sum, 0L, 255L); break;
    case INT16: ((global short*)y)[i] = (short)clamp(sum, -32768L, 32767L); break;
    case UINT16: ((global ushort*)y)[i] = (ushort)clamp(sum, 0L, 65535L); break;
  }
}

// Which scale belongs to element i of [outer, n, inner] (QuantizationGrid, ops/quantize_linear.h).
//   grid   n, inner, block, steps, whether the scale has the outer and the inner axes too
static int scale_at(int i, int8 grid) {
  const int k = i / grid.s1 % grid.s0 / grid.s2;
  return grid.s4 ? (i / grid.s1 / grid.s0 * grid.s3 + k) * grid.s1 + i % grid.s1 : k;
}

// x of float32, or of int32 with `integers`; the zero points may be null.
kernel void quantize(global const float* x, global const float* scale, global const uchar* zero,
                     global uchar* y, int8 grid, int integers, int type, int elements, int each) {
  EACH_ELEMENT(i) {
    const int at = scale_at(i, grid);
    const float v = integers ? (float)((global const int*)x)[i] : x[i];
    put_rounded(y, i, type, v / scale[at], whole(zero, at, type));
  }
}

kernel void dequantize(global const uchar* x, global const float* scale, global const uchar* zero,
                       global float* y, int8 grid, int type, int elements, int each) {
  EACH_ELEMENT(i) {
    const int at = scale_at(i, grid);
    y[i] = (float)((long)whole(x, i, type) - whole(zero, at, type)) * scale[at];
  }
}

// Extremes of x and 0, of the elements that each of `parts` work-items looks at.
kernel void value_range(global const float* x, global float* lows, global float* highs, int parts,
                        int size, int elements, int each) {
  EACH_ELEMENT(part) {
    float low = 0, high = 0;
    for (int i = part; i < size; i += parts) {
      low = x[i] < low ? x[i] : low;
      high = x[i] > high ? x[i] : high;
    }
    lows[part] = low;
    highs[part] = high;
  }
}

// To uint8 by the range (ops/dynamic_quantize_linear.cc); scale and zero point may be null.
kernel void quantize_range(global const float* x, global const float* lows,
                           global const float* highs, global uchar* y, global float* scale,
                           global uchar* zero, int parts, int elements, int each) {
  float low = 0, high = 0;
  for (int part = 0; part < parts; ++part) {
    low = lows[part] < low ? lows[part] : low;
    high = highs[part] > high ? highs[part] : high;
  }
  const float step = (high == low ? 1.0f : high - low) / 255.0f;
  const float rounded = rint(-low / step);  // of 0 to 255
  const int shift = rounded != rounded ? 0 : (int)clamp(rounded, 0.0f, 255.0f);
  EACH_ELEMENT(i) {
    put_rounded(y, i, UINT8, x[i] / step, shift);
    if (i == 0 && scale) *scale = step;
    if (i == 0 && zero) *zero = (uchar)shift;
  }
}

// What follows a sum: y is int32 if there is no scale, else
// round(sum * (a_scale[row] * b_scale[column] / y_scale)) + y_zero.
static void put_sum(uint sum, global uchar* y, int i, int y_type, global const float* a_scale,
                    int row, global const float* b_scale, int column, global const float* y_scale,
                    global const uchar* y_zero) {
  if (!a_scale) {
    ((global int*)y)[i] = (int)sum;
    return;
  }
  const float factor = a_scale[row] * b_scale[column] / *y_scale;
  put_rounded(y, i, y_type, (float)(int)sum * factor, whole(y_zero, 0, y_type));
}

// Products of matrices (ops/quantized_matmul.cc), a [batch or 1, rows, k], b [batch or 1, k,
// columns].
//   shape   rows, k, columns, elements from one matrix to the next of a, of b
//   types   of a, b, y
//   at      of a's scale (by matrix, by row) and zero point, of b's scale and zero point (by column)
kernel void matmul_quantized(global const uchar* a, global const uchar* b,
                             global const uchar* a_zero, global const uchar* b_zero,
                             global const float* a_scale, global const float* b_scale,
                             global const float* y_scale, global const uchar* y_zero,
                             global uchar* y, int8 shape, int8 types, int8 at, int elements,
                             int each) {
  const int rows = shape.s0, k = shape.s1, columns = shape.s2;
  EACH_ELEMENT(i) {
    const int column = i % columns, row = i / columns % rows, matrix = i / columns / rows;
    const int left = matrix * shape.s3 + row * k, right = matrix * shape.s4 + column;
    const int za = whole(a_zero, matrix * at.s2 + row * at.s3, types.s0);
    const int zb = whole(b_zero, matrix * at.s6 + column * at.s7, types.s1);
    uint sum = 0;
    for (int t = 0; t < k; ++t)
      sum += (uint)((whole(a, left + t, types.s0) - za) *
                    (whole(b, right + t * columns, types.s1) - zb));
    put_sum(sum, y, i, types.s2, a_scale, matrix * at.s0 + row * at.s1, b_scale,
            matrix * at.s4 + column * at.s5, y_scale, y_zero);
  }
}

// Convolution (ops/quantized_conv.cc); padding adds nothing. Bias and zero points may be null.
//   types   of x, w, y
//   at      steps from filter to filter of w's zero points, of w's scale
kernel void conv_quantized(global const uchar* x, global const uchar* w, global const uchar* x_zero,
                           global const uchar* w_zero, global const float* x_scale,
                           global const float* w_scale, global const float* y_scale,
                           global const uchar* y_zero, global const int* bias, global uchar* y,
                           int8 size, int8 window, int8 steps, int8 types, int8 at, int elements,
                           int each) {
  const int pixels = volume(size.s345), image = volume(size.s012), taps = volume(window.s012);
  const int channels = size.s6, zx = whole(x_zero, 0, types.s0);
  EACH_ELEMENT(i) {
    const int m = i / pixels % window.s7, n = i / pixels / window.s7;
    const int3 origin = position_of(i % pixels, size.s345) * window.s345 - steps.s345;
    const int from = (n * window.s6 + m / size.s7 * channels) * image;
    const int zw = whole(w_zero, m * at.s0, types.s1);
    uint sum = 0;
    for (int tap = 0; tap < taps; ++tap) {
      const int p = input_at(size, steps, origin, position_of(tap, window.s012));
      if (p < 0) continue;
      for (int c = 0; c < channels; ++c)
        sum += (uint)((whole(x, from + c * image + p, types.s0) - zx) *
                      (whole(w, (m * channels + c) * taps + tap, types.s1) - zw));
    }
    if (bias) sum += (uint)bias[m];
    put_sum(sum, y, i, types.s2, x_scale, 0, w_scale, m * at.s1, y_scale, y_zero);
  }
}
