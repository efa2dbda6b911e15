// Copies, and tensors in blocks of channels (ops/layout.h).
#include "ops/opencl/kernels/common.cl"

// 32-bit words from x to y.
kernel void copy_words(global const uint* x, global uint* y, int words, int each) {
  const int first = (get_global_id(1) * get_global_size(0) + get_global_id(0)) * each;
  for (int i = first; i < min(first + each, words); ++i) y[i] = x[i];
}

// One row of one block of channels per unit: dimension 1 counts rows of images, 2 blocks.
kernel void to_blocked(global const float* x, global float* y, int8 geometry) {
  const View v = view_of(geometry);
  const int n = get_global_id(1) / v.height, row = get_global_id(1) % v.height;
  const int first = get_global_id(2) * v.block, lanes = min(v.block, v.channels - first);
  global const float* from = x + ((n * v.channels + first) * v.height + row) * v.width;
  global float* to = y + n * v.image + get_global_id(2) * v.plane + v.first + row * v.row;
  for (int c = get_local_id(0); c < lanes; c += get_local_size(0))
    for (int i = 0; i < v.width; ++i)
      to[i * v.block + c] = from[c * v.height * v.width + i];
}

kernel void to_plain(global const float* x, global float* y, int8 geometry) {
  const View v = view_of(geometry);
  const int n = get_global_id(1) / v.height, row = get_global_id(1) % v.height;
  const int first = get_global_id(2) * v.block, lanes = min(v.block, v.channels - first);
  global float* to = y + ((n * v.channels + first) * v.height + row) * v.width;
  global const float* from = x + n * v.image + get_global_id(2) * v.plane + v.first + row * v.row;
  for (int c = get_local_id(0); c < lanes; c += get_local_size(0))
    for (int i = 0; i < v.width; ++i)
      to[c * v.height * v.width + i] = from[i * v.block + c];
}

// +0 around the pixels of one plane per unit. `before` and `after` are floats of a row's border.
kernel void clear_border(global float* y, int8 geometry, int before, int after) {
  const View v = view_of(geometry);
  global float* plane = y + get_global_id(2) * v.image + get_global_id(1) * v.plane;
  const int lane = get_local_id(0), lanes = get_local_size(0);
  for (int i = lane; i < v.first; i += lanes) plane[i] = 0.0f;
  for (int row = 0; row + 1 < v.height; ++row)
    for (int i = lane; i < after + before; i += lanes)
      plane[v.first + row * v.row + v.width * v.block + i] = 0.0f;
  for (int i = v.first + (v.height - 1) * v.row + v.width * v.block + lane; i < v.plane; i += lanes)
    plane[i] = 0.0f;
}

// Elements along up to 8 axes with steps of their own in x and y; the last is the innermost. A unit
// takes `each` rows of it.
#define MOVE(name, type)                                                                        \
  kernel void name(global const type* x, global type* y, int8 extents, int8 from, int8 to,      \
                   int x_start, int y_start, int rows, int each) {                              \
    const int first = get_global_id(1) * each;                                                  \
    for (int r = first; r < min(first + each, rows); ++r) {                                     \
      int rest = r, at = x_start, put = y_start;                                                \
      AXIS(6) AXIS(5) AXIS(4) AXIS(3) AXIS(2) AXIS(1) AXIS(0)                                   \
      for (int i = get_local_id(0); i < extents.s7; i += get_local_size(0))                     \
        y[put + i * to.s7] = x[at + i * from.s7];                                               \
    }                                                                                           \
  }
#define AXIS(i)                            \
  if (extents.s##i > 1) {                  \
    const int position = rest % extents.s##i; \
    rest /= extents.s##i;                  \
    at += position * from.s##i;            \
    put += position * to.s##i;             \
  }
MOVE(move_1, uchar)
MOVE(move_2, ushort)
MOVE(move_4, uint)
MOVE(move_8, ulong)
