// Products of two matrices; see matmul_tile.inc.
#include "ops/opencl/kernels/common.cl"

#define NAME_(name, p, b) name##_##p##x##b
#define NAME(name, p, b) NAME_(name, p, b)
#define TILE(name) NAME(name, P, B)

#define P 7
#define B 4
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/rows_tile.inc"
#include "ops/opencl/kernels/matmul_tile.inc"
#undef P
#undef B
#define P 12
#define B 2
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/rows_tile.inc"
#include "ops/opencl/kernels/matmul_tile.inc"
#undef P
#undef B
#define P 12
#define B 1
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/rows_tile.inc"
#include "ops/opencl/kernels/matmul_tile.inc"
#undef P
#undef B
#define P 1
#define B 1
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/rows_tile.inc"
#include "ops/opencl/kernels/matmul_tile.inc"
#undef P
#undef B
