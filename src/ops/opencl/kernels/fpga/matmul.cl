// Products of two matrices (kernels/matmul_tile.inc, whose arguments these are).
#include "ops/opencl/kernels/fpga/common.cl"

#define FAMILY matmul
#include "ops/opencl/kernels/fpga/tile.inc"

ITEM_KERNEL matmul_8x1(global const float* restrict a, global const float* restrict b,
                       global float* restrict y, int m, int k, int n, int a_next, int b_next,
                       GRID) {
  TILE_MEMORY
  const int tiles = (m + ROWS - 1) / ROWS;
  FOR_GRID {
    const int matrix = unit / tiles, row = unit % tiles * ROWS, lanes = n - plane * 16;
    int at[ROWS];
    for (int p = 0; p < ROWS; ++p) at[p] = matrix * a_next + min(row + p, m - 1) * k;
    float sums[ROWS][16];
    HELPER(clear)(sums);
    HELPER(chain)(sums, a, at, b + matrix * b_next + plane * 16, n, lanes, k, row_memory,
                  column_memory);
    for (int p = 0; p < ROWS; ++p) {
      if (row + p >= m) break;
      FOR_LANES {
        if (lane < lanes) y[(matrix * m + row + p) * n + plane * 16 + lane] = sums[p][lane];
      }
    }
  }
}
