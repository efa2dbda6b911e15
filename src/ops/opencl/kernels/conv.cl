// Convolution of tensors in blocks of 16 channels; see conv_tile.inc.
#include "ops/opencl/kernels/common.cl"

#define FAMILY conv

#if NARROW
#define P 2
#define B 2
#include "ops/opencl/kernels/conv_tile.inc"

#define P 6
#define B 1
#include "ops/opencl/kernels/conv_tile.inc"

#define P 5
#define B 1
#include "ops/opencl/kernels/conv_tile.inc"
#else
#define P 7
#define B 4
#include "ops/opencl/kernels/conv_tile.inc"

#define P 14
#define B 2
#include "ops/opencl/kernels/conv_tile.inc"

#define P 14
#define B 1
#include "ops/opencl/kernels/conv_tile.inc"
#endif
