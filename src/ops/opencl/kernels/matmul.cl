// Products of two matrices; see matmul_tile.inc.
#include "ops/opencl/kernels/common.cl"

#define FAMILY matmul

#if NARROW
#define P 1
#define B 4
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 2
#define B 2
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 6
#define B 1
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 5
#define B 1
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 1
#define B 1
#include "ops/opencl/kernels/matmul_tile.inc"
#else
#define P 7
#define B 4
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 12
#define B 2
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 12
#define B 1
#include "ops/opencl/kernels/matmul_tile.inc"

#define P 1
#define B 1
#include "ops/opencl/kernels/matmul_tile.inc"
#endif
