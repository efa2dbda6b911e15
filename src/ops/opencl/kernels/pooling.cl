// Pooling of tensors in blocks of 16 channels. The orders are those of ops/pooling.h and ops/reduce.h.
#include "ops/opencl/kernels/common.cl"

// Dimension 1 counts rows of output images, 2 blocks of channels.
//   shape   kernel rows and columns, strides, dilations, pads before
//   counted positions that count in an average's divisor: from and to, rows, then columns
#define POOL(name, START, ENTER, FINISH)                                                          \
  kernel void name(global const float* x, global float* y, int8 x_geometry, int8 y_geometry,      \
                   int8 shape, int8 counted) {                                                    \
    const View xv = view_of(x_geometry), yv = view_of(y_geometry);                                \
    const int n = get_global_id(1) / yv.height, row = get_global_id(1) % yv.height;               \
    const int block = get_global_id(2);                                                           \
    const int top = row * shape.s2 - shape.s6;                                                    \
    global const float* plane = x + n * xv.image + block * xv.plane + xv.first;                   \
    global float* to = y + n * yv.image + block * yv.plane + yv.first + row * yv.row;             \
    for (int column = 0; column < yv.width; ++column, to += yv.block) {                           \
      const int left = column * shape.s3 - shape.s7;                                              \
      F value = START;                                                                            \
      int rows = 0, columns = 0;                                                                  \
      for (int i = 0; i < shape.s1; ++i) {                                                        \
        const int at = left + i * shape.s5;                                                       \
        columns += at >= counted.s2 && at < counted.s3;                                           \
      }                                                                                           \
      for (int k = 0; k < shape.s0; ++k) {                                                        \
        const int down = top + k * shape.s4;                                                      \
        rows += down >= counted.s0 && down < counted.s1;                                          \
        if (down < 0 || down >= xv.height) continue;                                              \
        for (int i = 0; i < shape.s1; ++i) {                                                      \
          const int across = left + i * shape.s5;                                                 \
          if (across < 0 || across >= xv.width) continue;                                         \
          const F tap = load_some(plane + down * xv.row + across * xv.block, xv.block);           \
          value = ENTER;                                                                          \
        }                                                                                         \
      }                                                                                           \
      const float counts = (float)rows * (float)columns;                                          \
      (void)counts;                                                                               \
      store_some(FINISH, to, yv.block);                                                           \
    }                                                                                             \
  }
POOL(max_pool, K(-INFINITY), SEL(LT(value, tap), tap, SEL(NE(tap, tap), tap, value)), value)
POOL(average_pool, K(0.0f), ADD(value, tap), DIV(value, K(counts)))

// y [batch, channels] of blocked x: pixels take turns in 16 accumulators, which are folded by
// halves. Dimension 1 counts images, 2 blocks of channels.
#define GLOBAL_POOL(name, START, ENTER, FINISH)                                                   \
  kernel void name(global const float* x, global float* y, int8 x_geometry) {                     \
    const View v = view_of(x_geometry);                                                           \
    const int n = get_global_id(1), block = get_global_id(2);                                     \
    F sums[16];                                                                                   \
    for (int i = 0; i < 16; ++i) sums[i] = START;                                                 \
    int turn = 0;                                                                                 \
    for (int row = 0; row < v.height; ++row)                                                      \
      for (int column = 0; column < v.width; ++column, ++turn) {                                  \
        const F p = sums[turn % 16];                                                              \
        const F q = load_some(x + n * v.image + block * v.plane + v.first + row * v.row +         \
                                  column * v.block, v.block);                                     \
        sums[turn % 16] = ENTER;                                                                  \
      }                                                                                           \
    for (int width = 8; width > 0; width /= 2)                                                    \
      for (int i = 0; i < width; ++i) {                                                           \
        const F p = sums[i], q = sums[i + width];                                                 \
        sums[i] = ENTER;                                                                          \
      }                                                                                           \
    const F value = sums[0];                                                                      \
    store_some(FINISH, y + n * v.channels + block * 16, v.channels - block * 16);                 \
  }
GLOBAL_POOL(global_max, K(-INFINITY), SEL(NE(p, p), p, SEL(LT(q, p), p, q)), value)
GLOBAL_POOL(global_average, K(0.0f), ADD(p, q), DIV(value, K((float)(v.height * v.width))))
