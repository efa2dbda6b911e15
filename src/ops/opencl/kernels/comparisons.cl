// Comparisons of numbers, y = f(a, b) of one byte. What has one operand gets it twice.
//   operation   Comparison in ops/opencl/elementwise.cc, of the same order
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

enum { IF_EQUAL, IF_LESS, IF_LESS_OR_EQUAL, IF_UNEQUAL };

#define COMPARISONS(name, type)                                                                  \
  kernel void name(global const type* x, global const type* w, global uchar* y, int operation,   \
                   WALK) {                                                                       \
    ELEMENTWISE(COMPARE, type)                                                                   \
  }
#define COMPARE(type)                                                                            \
  const type u = x[p], v = w[q];                                                                 \
  y[i] = operation == IF_EQUAL           ? u == v                                                \
         : operation == IF_LESS          ? u < v                                                 \
         : operation == IF_LESS_OR_EQUAL ? u <= v                                                \
                                         : u != v
FOR_INTEGERS(COMPARISONS, comparisons)
COMPARISONS(comparisons_float32, float)
