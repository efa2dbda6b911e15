// Convolution of blocked tensors with one filter per channel: for each output one chain over the
// taps, 16 channels in the lanes. A unit takes a row of outputs, PIXELS neighbours at a time, which
// share the weights. Dimension 1 counts rows of images, 2 blocks of channels.
//
//   x, residual, y   blocked
//   w                [blocks][taps][16]
//   window           kernel rows and columns, floats from tap row to row and from tap to tap,
//                    floats from window to window below and beside
//   first            from the start of an image to the first window
#include "ops/opencl/kernels/common.cl"

#define PIXELS 7

#define DEPTHWISE(name, LOAD_PIXEL)                                                               \
  kernel void name(global const float* x, global const float* w, global const float* bias,        \
                   global const float* residual, global float* y, int8 x_geometry,                \
                   int8 y_geometry, int8 residual_geometry, int8 window, int first,               \
                   int has_residual, float low, float high) {                                     \
    const View xv = view_of(x_geometry), yv = view_of(y_geometry), rv = view_of(residual_geometry); \
    const int n = get_global_id(1) / yv.height, row = get_global_id(1) % yv.height;               \
    const int block = get_global_id(2);                                                           \
    global const float* windows = x + n * xv.image + block * xv.plane + first + row * window.s4;  \
    global float* to = y + n * yv.image + block * yv.plane + yv.first + row * yv.row;             \
    global const float* added =                                                                   \
        residual + n * rv.image + block * rv.plane + rv.first + row * rv.row;                     \
    const F b = LOAD(bias + block * 16);                                                          \
    for (int column = 0; column < yv.width; column += PIXELS) {                                   \
      F sums[PIXELS];                                                                             \
      int at[PIXELS];                                                                             \
      _Pragma("unroll") for (int p = 0; p < PIXELS; ++p) {                                        \
        sums[p] = K(0.0f);                                                                        \
        at[p] = min(column + p, yv.width - 1) * window.s5;                                        \
      }                                                                                           \
      global const float* weights = w + block * window.s0 * window.s1 * 16;                       \
      for (int i = 0; i < window.s0; ++i)                                                         \
        for (int j = 0; j < window.s1; ++j, weights += 16) {                                      \
          const F weight = LOAD(weights);                                                         \
          global const float* tap = windows + i * window.s2 + j * window.s3;                      \
          _Pragma("unroll") for (int p = 0; p < PIXELS; ++p)                                      \
            sums[p] = FMA(LOAD_PIXEL(tap + at[p]), weight, sums[p]);                              \
        }                                                                                         \
      _Pragma("unroll") for (int p = 0; p < PIXELS; ++p) {                                        \
        if (column + p >= yv.width) break;                                                        \
        F v = ADD(sums[p], b);                                                                    \
        if (has_residual) v = ADD(v, LOAD_PIXEL(added + (column + p) * rv.block));                \
        store_some(bounded(v, low, high), to + (column + p) * yv.block, yv.block);                \
      }                                                                                           \
    }                                                                                             \
  }
#define LOAD_FEW(p) load_some(p, xv.block)
DEPTHWISE(depthwise, LOAD)
DEPTHWISE(depthwise_few, LOAD_FEW)
