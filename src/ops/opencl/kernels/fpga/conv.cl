// Convolution of blocked tensors, and the products of Winograd's form (kernels/conv_tile.inc, whose
// arguments these are).
#include "ops/opencl/kernels/fpga/common.cl"

#define FAMILY conv
#include "ops/opencl/kernels/fpga/tile.inc"

ITEM_KERNEL conv_8x1(global const float* restrict x, global const float* restrict w,
                     global const float* restrict bias, global const float* residual,
                     global float* y, int8 x_geometry, int8 y_geometry, int8 residual_geometry,
                     int8 window, int first, int terms, int section, int has_residual, float low,
                     float high, GRID) {
  TILE_MEMORY
  const View xv = view_of(x_geometry), yv = view_of(y_geometry), rv = view_of(residual_geometry);
  const int pixels = window.s6;
  FOR_GRID {
    const int pixel = unit * ROWS;
    int at[ROWS];
    for (int p = 0; p < ROWS; ++p) {
      const int q = min(pixel + p, pixels - 1), rest = q / yv.width;
      at[p] = first + rest / yv.height * xv.image + rest % yv.height * window.s4 +
              q % yv.width * window.s5;
    }
    float sums[ROWS][16], total[ROWS][16];
    HELPER(clear)(sums);
    global const float* filters = w + plane * terms * 16;
    for (int j = 0; j * xv.block < xv.channels; ++j) {
      if (j > 0 && j % section == 0) {
        HELPER(add_section)(total, sums, j == section);
        HELPER(clear)(sums);
      }
      const int channels = min(xv.block, xv.channels - j * xv.block);
      // Taps of a row whose channels follow each other in memory are one chain.
      const int together = window.s3 == channels ? window.s1 : 1;
      for (int row = 0; row < window.s0; ++row)
        for (int column = 0; column < window.s1; column += together) {
          HELPER(chain)(sums, x + j * xv.plane + row * window.s2 + column * window.s3, at, filters,
                        16, 16, channels * together, row_memory, column_memory);
          filters += channels * together * 16;
        }
    }
    HELPER(add_section)(total, sums, xv.channels <= section * 16);
    for (int p = 0; p < ROWS; ++p) {
      if (pixel + p >= pixels) break;
      const int q = pixel + p, column = q % yv.width, rest = q / yv.width;
      const int n = rest / yv.height, row = rest % yv.height;
      global const float* added =
          residual + n * rv.image + plane * rv.plane + rv.first + row * rv.row + column * rv.block;
      global float* to =
          y + n * yv.image + plane * yv.plane + yv.first + row * yv.row + column * yv.block;
      FOR_LANES {
        if (lane < yv.block) {
          float v = total[p][lane] + bias[plane * 16 + lane];
          if (has_residual) v += added[lane];
          to[lane] = bounded(v, low, high);
        }
      }
    }
  }
}

ITEM_KERNEL products_8x1(global const float* restrict v, global const float* restrict w,
                         global float* restrict m, int count, int channels, int section, int blocks,
                         GRID) {
  TILE_MEMORY
  const int tiles = (count + ROWS - 1) / ROWS, channel_blocks = (channels + 15) / 16;
  FOR_GRID {
    const int point = unit / tiles, first = unit % tiles * ROWS;
    int at[ROWS];
    for (int p = 0; p < ROWS; ++p) at[p] = min(first + p, count - 1) * 16;
    float sums[ROWS][16], total[ROWS][16];
    HELPER(clear)(sums);
    for (int j = 0; j < channel_blocks; ++j) {
      if (j > 0 && j % section == 0) {
        HELPER(add_section)(total, sums, j == section);
        HELPER(clear)(sums);
      }
      HELPER(chain)(sums, v + (point * channel_blocks + j) * count * 16, at,
                    w + ((point * blocks + plane) * channels + j * 16) * 16, 16, 16,
                    min(16, channels - j * 16), row_memory, column_memory);
    }
    HELPER(add_section)(total, sums, channel_blocks <= section);
    for (int p = 0; p < ROWS; ++p) {
      if (first + p >= count) break;
      FOR_LANES m[((point * blocks + plane) * count + first + p) * 16 + lane] = total[p][lane];
    }
  }
}
