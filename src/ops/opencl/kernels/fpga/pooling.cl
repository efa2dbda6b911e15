// Pooling of tensors in blocks of 16 channels (kernels/pooling.cl, whose arguments these are).
#include "ops/opencl/kernels/fpga/common.cl"

#define LARGER(p, q) SEL(NE(p, p), p, SEL(LT(q, p), p, q))

static void pool(int average, global const float* x, global float* y, View xv, View yv, int8 shape,
                 int8 counted, GRID) {
  FOR_GRID {
    const int n = unit / yv.height, row = unit % yv.height;
    const int top = row * shape.s2 - shape.s6;
    global const float* from = x + n * xv.image + plane * xv.plane + xv.first;
    global float* to = y + n * yv.image + plane * yv.plane + yv.first + row * yv.row;
    for (int column = 0; column < yv.width; ++column) {
      const int left = column * shape.s3 - shape.s7;
      float values[16];
      FOR_LANES values[lane] = average ? 0.0f : -INFINITY;
      int rows = 0, columns = 0;
      for (int i = 0; i < shape.s1; ++i) {
        const int at = left + i * shape.s5;
        columns += at >= counted.s2 && at < counted.s3;
      }
      for (int k = 0; k < shape.s0; ++k) {
        const int down = top + k * shape.s4;
        rows += down >= counted.s0 && down < counted.s1;
        if (down < 0 || down >= xv.height) continue;
        for (int i = 0; i < shape.s1; ++i) {
          const int across = left + i * shape.s5;
          if (across < 0 || across >= xv.width) continue;
          FOR_LANES {
            if (lane < xv.block) {
              const float tap = from[down * xv.row + across * xv.block + lane];
              const float value = values[lane];
              values[lane] = average ? ADD(value, tap)
                                     : SEL(LT(value, tap), tap, SEL(NE(tap, tap), tap, value));
            }
          }
        }
      }
      const float counts = (float)rows * (float)columns;
      FOR_LANES {
        if (lane < yv.block)
          to[column * yv.block + lane] = average ? DIV(values[lane], counts) : values[lane];
      }
    }
  }
}

ITEM_KERNEL max_pool(global const float* restrict x, global float* restrict y, int8 x_geometry,
                     int8 y_geometry, int8 shape, int8 counted, GRID) {
  pool(0, x, y, view_of(x_geometry), view_of(y_geometry), shape, counted, first_unit, units, planes);
}
ITEM_KERNEL average_pool(global const float* restrict x, global float* restrict y, int8 x_geometry,
                         int8 y_geometry, int8 shape, int8 counted, GRID) {
  pool(1, x, y, view_of(x_geometry), view_of(y_geometry), shape, counted, first_unit, units, planes);
}

// Pixels take turns in 16 accumulators, which are folded by halves.
static void global_pool(int average, global const float* x, global float* y, View v, GRID) {
  FOR_GRID {
    global const float* from = x + unit * v.image + plane * v.plane + v.first;
    float sums[16][16];
    for (int i = 0; i < 16; ++i) FOR_LANES sums[i][lane] = average ? 0.0f : -INFINITY;
    for (int pixel = 0; pixel < v.height * v.width; ++pixel) {
      const int at = pixel / v.width * v.row + pixel % v.width * v.block;
      FOR_LANES {
        if (lane < v.block) {
          const float p = sums[pixel % 16][lane], q = from[at + lane];
          sums[pixel % 16][lane] = average ? ADD(p, q) : LARGER(p, q);
        }
      }
    }
    for (int width = 8; width > 0; width /= 2)
      for (int i = 0; i < width; ++i)
        FOR_LANES {
          const float p = sums[i][lane], q = sums[i + width][lane];
          sums[i][lane] = average ? ADD(p, q) : LARGER(p, q);
        }
    FOR_LANES {
      if (plane * 16 + lane < v.channels)
        y[unit * v.channels + plane * 16 + lane] =
            average ? DIV(sums[0][lane], (float)(v.height * v.width)) : sums[0][lane];
    }
  }
}

ITEM_KERNEL global_max(global const float* restrict x, global float* restrict y, int8 x_geometry,
                       GRID) {
  global_pool(0, x, y, view_of(x_geometry), first_unit, units, planes);
}
ITEM_KERNEL global_average(global const float* restrict x, global float* restrict y,
                           int8 x_geometry, GRID) {
  global_pool(1, x, y, view_of(x_geometry), first_unit, units, planes);
}
