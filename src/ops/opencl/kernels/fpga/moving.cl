// Copies, and tensors in blocks of channels (kernels/moving.cl, whose arguments these are).
#include "ops/opencl/kernels/fpga/common.cl"

ITEM_KERNEL copy_words(global const uint* restrict x, global uint* restrict y, int words, int each,
                       GRID) {
  FOR_GRID {
    for (int i = unit * each; i < min((unit + 1) * each, words); ++i) y[i] = x[i];
  }
}

ITEM_KERNEL to_blocked(global const float* restrict x, global float* restrict y, int8 geometry,
                       GRID) {
  const View v = view_of(geometry);
  FOR_GRID {
    const int n = unit / v.height, row = unit % v.height;
    const int first = plane * v.block, lanes = min(v.block, v.channels - first);
    global const float* from = x + ((n * v.channels + first) * v.height + row) * v.width;
    global float* to = y + n * v.image + plane * v.plane + v.first + row * v.row;
    for (int c = 0; c < lanes; ++c)
      for (int i = 0; i < v.width; ++i)
        to[i * v.block + c] = from[c * v.height * v.width + i];
  }
}

ITEM_KERNEL to_plain(global const float* restrict x, global float* restrict y, int8 geometry,
                     GRID) {
  const View v = view_of(geometry);
  FOR_GRID {
    const int n = unit / v.height, row = unit % v.height;
    const int first = plane * v.block, lanes = min(v.block, v.channels - first);
    global float* to = y + ((n * v.channels + first) * v.height + row) * v.width;
    global const float* from = x + n * v.image + plane * v.plane + v.first + row * v.row;
    for (int c = 0; c < lanes; ++c)
      for (int i = 0; i < v.width; ++i)
        to[c * v.height * v.width + i] = from[i * v.block + c];
  }
}

ITEM_KERNEL clear_border(global float* restrict y, int8 geometry, int before, int after, GRID) {
  const View v = view_of(geometry);
  FOR_GRID {
    global float* at = y + plane * v.image + unit * v.plane;
    for (int i = 0; i < v.first; ++i) at[i] = 0.0f;
    for (int row = 0; row + 1 < v.height; ++row)
      for (int i = 0; i < after + before; ++i)
        at[v.first + row * v.row + v.width * v.block + i] = 0.0f;
    for (int i = v.first + (v.height - 1) * v.row + v.width * v.block; i < v.plane; ++i)
      at[i] = 0.0f;
  }
}

#define AXIS(i)                               \
  if (extents.s##i > 1) {                     \
    const int position = rest % extents.s##i; \
    rest /= extents.s##i;                     \
    at += position * from.s##i;               \
    put += position * to.s##i;                \
  }

ITEM_KERNEL move_4(global const uint* restrict x, global uint* restrict y, int8 extents, int8 from,
                   int8 to, int x_start, int y_start, int rows, int each, GRID) {
  FOR_GRID {
    for (int r = unit * each; r < min((unit + 1) * each, rows); ++r) {
      int rest = r, at = x_start, put = y_start;
      AXIS(6) AXIS(5) AXIS(4) AXIS(3) AXIS(2) AXIS(1) AXIS(0)
      for (int i = 0; i < extents.s7; ++i) y[put + i * to.s7] = x[at + i * from.s7];
    }
  }
}
