// Unary element-wise functions: unary_<activation>(x, y, vectors, each, a, b).
//   x, y     tensors of so many vectors; y may be x
//   each     vectors per work-item
#include "ops/opencl/kernels/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"
#include "numerics/activation.inc"

#define ENGINE_ACTIVATION(name, function)                                                     \
  kernel void unary_##name(global const float* x, global float* y, int vectors, int each,     \
                           float a, float b) {                                                \
    const int first = get_global_id(1) * each;                                                \
    for (int i = first; i < min(first + each, vectors); ++i)                                  \
      STORE(function(LOAD(x + 16 * i), K(a), K(b)), y + 16 * i);                              \
  }
#include "activations"
