// Interpolation between elements: Resize, whose positions and weights the host has computed, and
// GridSample, whose positions are values.
#include "ops/opencl/kernels/common.cl"

// Where element i of the output lies: axes are kept and resized in turns, the first and the last
// one kept. `strides` are those of the input. Returns the offset along the kept ones.
static int kept_offset(int i, int8 extents, int8 strides, int* position) {
  int extent[8], stride[8], offset = 0;
  vstore8(extents, 0, extent);
  vstore8(strides, 0, stride);
  for (int k = 6; k >= 0; --k) {
    const int at = i % extent[k];
    i /= extent[k];
    if (k % 2) position[k / 2] = at;
    else offset += at * stride[k];
  }
  return offset;
}

// The taps of a position on each resized axis: input positions, of which a negative first one lies
// outside, and weights.
//   tables   taps of an axis for each of the three, then where their tables begin
#define RESIZE_TAPS                                                                              \
  int position[3];                                                                               \
  const int from = kept_offset(i, extents, strides, position);                                   \
  const int taps0 = tables.s0, taps1 = tables.s1, taps2 = tables.s2;                             \
  const int t0 = tables.s3 + position[0] * taps0, t1 = tables.s4 + position[1] * taps1;          \
  const int t2 = tables.s5 + position[2] * taps2;                                                \
  const int outside = index[t0] < 0 || index[t1] < 0 || index[t2] < 0;

#define NEAREST(name, type)                                                                      \
  kernel void name(global const type* x, global const int* index, global type* y, int8 extents,  \
                   int8 strides, int8 tables, int elements, int each) {                          \
    EACH_ELEMENT(i) {                                                                            \
      RESIZE_TAPS                                                                                \
      if (!outside)                                                                              \
        y[i] = x[from + index[t0] * strides.s1 + index[t1] * strides.s3 + index[t2] * strides.s5]; \
    }                                                                                            \
  }
NEAREST(nearest_1, uchar)
NEAREST(nearest_2, ushort)
NEAREST(nearest_4, uint)
NEAREST(nearest_8, ulong)

// Sums go axis by axis, the first one outermost (ops/resize.h).
kernel void interpolate(global const float* x, global const int* index, global const float* weight,
                        global float* y, int8 extents, int8 strides, int8 tables,
                        float extrapolation, int elements, int each) {
  EACH_ELEMENT(i) {
    RESIZE_TAPS
    if (outside) {
      y[i] = extrapolation;
      continue;
    }
    float a = 0;
    for (int k0 = 0; k0 < taps0; ++k0) {
      float b = 0;
      for (int k1 = 0; k1 < taps1; ++k1) {
        float c = 0;
        global const float* row = x + from + index[t0 + k0] * strides.s1 + index[t1 + k1] * strides.s3;
        for (int k2 = 0; k2 < taps2; ++k2) {
          const float v = row[index[t2 + k2] * strides.s5];
          c = k2 ? fma(weight[t2 + k2], v, c) : weight[t2] * v;
        }
        b = k1 ? fma(weight[t1 + k1], c, b) : weight[t1] * c;
      }
      a = k0 ? fma(weight[t0 + k0], b, a) : weight[t0] * b;
    }
    y[i] = a;
  }
}

// Reflects at low and high until inside (ops/grid_sample.cc).
static float reflect(float x, float low, float high) {
  const float range = high - low;
  if (range <= 0) return low;
  const float distance = x < low ? low - x : x > high ? x - high : -1.0f;
  if (distance < 0) return x;
  const float times = floor(distance / range), rest = distance - times * range;
  const int even = fmod(times, 2.0f) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

enum { ZEROS, BORDER, REFLECTION };  // ops::GridSample::Padding
typedef struct {
  int order, padding, align;
} Sampling;

static float grid_position(Sampling s, float normalised, int extent) {
  const float n = (float)extent, low = s.align ? 0.0f : -0.5f;
  float x = s.align ? (normalised + 1) / 2 * (n - 1) : ((normalised + 1) * n - 1) / 2;
  if (s.order == 0) x = rint(x);
  if (s.padding == BORDER && s.order != 3) x = x < low ? 0.0f : x > n - 1 - low ? n - 1 : x;
  if (s.padding == REFLECTION) {
    x = reflect(x, low, n - 1 - low);
    if (s.order == 0) x = rint(x);
  }
  return x;
}

// The pixel that index i of an axis stands for, or -1 for a zero.
static int grid_pixel(Sampling s, int i, int extent) {
  if (i >= 0 && i < extent) return i;
  if (s.padding == ZEROS) return -1;
  if (s.padding == BORDER) return clamp(i, 0, extent - 1);
  const float low = s.align ? 0.0f : -0.5f;
  return clamp((int)reflect((float)i, low, (float)(extent - 1) - low), 0, extent - 1);
}

static float cubic_near(float d) { return ((-0.75f + 2) * d - (-0.75f + 3)) * d * d + 1; }
static float cubic_far(float d) {
  return ((-0.75f * d - 5 * -0.75f) * d + 8 * -0.75f) * d - 4 * -0.75f;
}

// Taps of one axis; how many.
static int grid_taps(Sampling s, float x, int extent, int* pixel, float* weight) {
  const float end = (float)extent + 8;
  x = x > end ? end : x > -8.0f ? x : -8.0f;
  const float left = floor(x), ratio = x - left;
  for (int k = 0; k <= s.order; ++k)
    pixel[k] = grid_pixel(s, (int)left + k - (s.order == 3), extent);
  if (s.order == 1) {
    weight[0] = 1 - ratio;
    weight[1] = ratio;
  } else if (s.order == 3) {
    weight[0] = cubic_far(ratio + 1);
    weight[1] = cubic_near(ratio);
    weight[2] = cubic_near(1 - ratio);
    weight[3] = cubic_far(2 - ratio);
  }
  return s.order + 1;
}

// x [n, channels, in0, in1, in2], grid [n, positions, axes], y [n, channels, positions].
//   shape   in0, in1, in2, channels, positions, axes (the last ones of in0, in1, in2)
//   how     order, padding, align_corners
kernel void grid_sample(global const float* x, global const float* grid, global float* y,
                        int8 shape, int8 how, int elements, int each) {
  const Sampling s = {how.s0, how.s1, how.s2};
  const int extents[3] = {shape.s0, shape.s1, shape.s2};
  EACH_ELEMENT(i) {
    const int p = i % shape.s4, n = i / shape.s4 / shape.s3;
    global const float* image = x + i / shape.s4 * (shape.s0 * shape.s1 * shape.s2);
    int pixels[3][4], counts[3];
    float weights[3][4];
    for (int axis = 0; axis < 3; ++axis) {
      counts[axis] = 1;
      pixels[axis][0] = 0;
      if (axis < 3 - shape.s5) continue;
      const float at = grid[(n * shape.s4 + p) * shape.s5 + 2 - axis];
      counts[axis] = grid_taps(s, grid_position(s, at, extents[axis]), extents[axis], pixels[axis],
                               weights[axis]);
    }
    float a = 0;
    for (int k0 = 0; k0 < counts[0]; ++k0) {
      const int p0 = pixels[0][k0];
      float b = 0;
      for (int k1 = 0; k1 < counts[1]; ++k1) {
        const int p1 = pixels[1][k1];
        float c = 0;
        for (int k2 = 0; k2 < counts[2]; ++k2) {
          const int p2 = pixels[2][k2];
          const int inside = p0 >= 0 && p1 >= 0 && p2 >= 0;
          const float v = inside ? image[(p0 * shape.s1 + p1) * shape.s2 + p2] : 0.0f;
          c = counts[2] == 1 ? v : k2 ? fma(weights[2][k2], v, c) : weights[2][0] * v;
        }
        b = counts[1] == 1 ? c : k1 ? fma(weights[1][k1], c, b) : weights[1][0] * c;
      }
      a = counts[0] == 1 ? b : k0 ? fma(weights[0][k0], b, a) : weights[0][0] * b;
    }
    y[i] = a;
  }
}
