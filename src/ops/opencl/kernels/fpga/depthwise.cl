// Convolution with one filter per channel (kernels/depthwise.cl, whose arguments these are): blocks of
// 16 channels or fewer.
#include "ops/opencl/kernels/fpga/common.cl"

#define PIXELS 8

ITEM_KERNEL depthwise(global const float* restrict x, global const float* restrict w,
                      global const float* restrict bias, global const float* residual,
                      global float* y, int8 x_geometry, int8 y_geometry, int8 residual_geometry,
                      int8 window, int first, int has_residual, float low, float high, GRID) {
  const View xv = view_of(x_geometry), yv = view_of(y_geometry), rv = view_of(residual_geometry);
  const int taps = window.s0 * window.s1;
  FOR_GRID {
    const int n = unit / yv.height, row = unit % yv.height;
    global const float* windows = x + n * xv.image + plane * xv.plane + first + row * window.s4;
    global float* to = y + n * yv.image + plane * yv.plane + yv.first + row * yv.row;
    global const float* added = residual + n * rv.image + plane * rv.plane + rv.first + row * rv.row;
    for (int column = 0; column < yv.width; column += PIXELS) {
      float sums[PIXELS][16];
      for (int p = 0; p < PIXELS; ++p) FOR_LANES sums[p][lane] = 0.0f;
      for (int tap = 0; tap < taps; ++tap) {
        float weights[16];
        FOR_LANES weights[lane] = w[(plane * taps + tap) * 16 + lane];
        const int offset = tap / window.s1 * window.s2 + tap % window.s1 * window.s3;
        for (int p = 0; p < PIXELS; ++p) {
          const int at = offset + min(column + p, yv.width - 1) * window.s5;
          FOR_LANES {
            const float pixel = lane < xv.block ? windows[at + lane] : 0.0f;
            sums[p][lane] = fma(pixel, weights[lane], sums[p][lane]);
          }
        }
      }
      for (int p = 0; p < PIXELS; ++p) {
        if (column + p >= yv.width) break;
        FOR_LANES {
          if (lane < yv.block) {
            float v = sums[p][lane] + bias[plane * 16 + lane];
            if (has_residual) v += added[(column + p) * rv.block + lane];
            to[(column + p) * yv.block + lane] = bounded(v, low, high);
          }
        }
      }
    }
  }
}
