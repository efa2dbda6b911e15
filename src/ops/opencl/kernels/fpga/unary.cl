// All unary element-wise functions (kernels/unary.cl) in one kernel, since a board has room for one of
// each: an element in each cycle.
//   function   numerics::Activation
#include "ops/opencl/kernels/fpga/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"
#include "numerics/activation.inc"

enum {
#define ENGINE_ACTIVATION(name, function) OF_##name,
#include "activations"
#undef ENGINE_ACTIVATION
};

static float activated(int function, float x, float a, float b) {
  switch (function) {
#define ENGINE_ACTIVATION(name, function) case OF_##name: return function(x, a, b);
#include "activations"
  }
  return x;
}

ITEM_KERNEL unary(global const float* x, global float* y, int vectors, int each, float a, float b,
                  int function, GRID) {
  FOR_GRID {
    const int end = min((unit + 1) * each, vectors) * 16;
    for (int i = unit * each * 16; i < end; ++i) y[i] = activated(function, x[i], a, b);
  }
}
