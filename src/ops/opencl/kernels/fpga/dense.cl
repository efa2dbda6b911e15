// Dense layer (kernels/dense_tile.inc, whose arguments these are): the segments of K go through one
// pipeline, one after another.
#include "ops/opencl/kernels/fpga/common.cl"

#define FAMILY dense
#include "ops/opencl/kernels/fpga/tile.inc"
#define SEGMENTS 4

ITEM_KERNEL dense_8x1(global const float* restrict x, global const float* restrict w,
                      global const float* restrict bias, global const float* residual,
                      global float* y, int rows, int k, int n, int segments, int section,
                      int has_bias, int has_residual, float low, float high, GRID) {
  TILE_MEMORY
  const int length = (k + segments - 1) / segments;
  FOR_GRID {
    const int row = unit * ROWS, lanes = n - plane * 16;
    int at[ROWS];
    for (int p = 0; p < ROWS; ++p) at[p] = min(row + p, rows - 1) * k;
    float sums[SEGMENTS][ROWS][16];
    for (int s = 0; s < SEGMENTS; ++s) {
      const int start = min(s * length, k), end = s < segments ? min(start + length, k) : start;
      int first = start;
      do {
        float sum[ROWS][16];
        HELPER(clear)(sum);
        int from[ROWS];
        for (int p = 0; p < ROWS; ++p) from[p] = at[p] + first;
        HELPER(chain)(sum, x, from, w + (plane * k + first) * 16, 16, 16, min(section, end - first),
                      row_memory, column_memory);
        HELPER(add_section)(sums[s], sum, first == start);
        first += section;
      } while (first < end);
    }
    for (int p = 0; p < ROWS; ++p) {
      if (row + p >= rows) break;
      FOR_LANES {
        if (lane < lanes) {
          const int column = plane * 16 + lane, place = (row + p) * n + column;
          float v = sums[0][p][lane];
          if (segments > 1) v += sums[1][p][lane];
          if (segments > 2) v += sums[2][p][lane] + sums[3][p][lane];
          v += has_bias ? bias[column] : -0.0f;  // adding -0 is the identity
          if (has_residual) v += residual[place];
          y[place] = bounded(v, low, high);
        }
      }
    }
  }
}
