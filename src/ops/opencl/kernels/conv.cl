// Convolution of tensors in blocks of 16 channels; see conv_tile.inc and winograd.inc.
#include "ops/opencl/kernels/common.cl"

#define NAME_(name, p, b) name##_##p##x##b
#define NAME(name, p, b) NAME_(name, p, b)
#define TILE(name) NAME(name, P, B)

#define P 7
#define B 4
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/conv_tile.inc"
#undef P
#undef B
#define P 14
#define B 2
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/conv_tile.inc"
#undef P
#undef B
#define P 14
#define B 1
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/conv_tile.inc"
#undef P
#undef B
#define P 6
#define B 1
#include "ops/opencl/kernels/tile.inc"
#include "ops/opencl/kernels/conv_tile.inc"
#undef P
#undef B
