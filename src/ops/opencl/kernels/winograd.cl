// Convolution in Winograd's form; see winograd_tile.inc.
#include "ops/opencl/kernels/common.cl"
#include "numerics/winograd.inc"

#define T 4
#define WINOGRAD(name) winograd4_##name
#define WINOGRAD_INPUT p_winograd4_input
#define WINOGRAD_OUTPUT p_winograd4_output
#include "ops/opencl/kernels/winograd_tile.inc"
#undef T
#undef WINOGRAD
#undef WINOGRAD_INPUT
#undef WINOGRAD_OUTPUT
#define T 2
#define WINOGRAD(name) winograd2_##name
#define WINOGRAD_INPUT p_winograd2_input
#define WINOGRAD_OUTPUT p_winograd2_output
#include "ops/opencl/kernels/winograd_tile.inc"
