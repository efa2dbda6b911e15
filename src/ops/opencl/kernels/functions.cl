// Element-wise functions that epilogues do not have: x, y of so many vectors, of which a unit takes
// `each`. a and b are the operator's attributes.
#include "ops/opencl/kernels/common.cl"

#define FUNCTION(name, expression)                                                               \
  kernel void name(global const float* x, global float* y, int vectors, int each, float a,       \
                   float b) {                                                                    \
    const int first = get_global_id(1) * each;                                                   \
    for (int i = first; i < min(first + each, vectors); ++i) {                                   \
      const F v = LOAD(x + 16 * i);                                                              \
      STORE(expression, y + 16 * i);                                                             \
    }                                                                                            \
  }
FUNCTION(round_even, rint(v))
FUNCTION(sign_of, SEL(NE(v, v), v, SEL(LT(K(0.0f), v), K(1.0f), SEL(LT(v, K(0.0f)), K(-1.0f), K(0.0f)))))
FUNCTION(shrink, SEL(LT(v, K(-a)), ADD(v, K(b)), SEL(LT(K(a), v), SUB(v, K(b)), K(0.0f))))
FUNCTION(divide_by, DIV(v, K(a)))

// Infinities of the wanted signs.
kernel void is_inf(global const float* x, global uchar* y, int negative, int positive, int elements,
                   int each) {
  EACH_ELEMENT(i) y[i] = (positive && x[i] == INFINITY) || (negative && x[i] == -INFINITY);
}

// Bounds that a run brings along; either may be null.
#define CLIP(name, type)                                                                         \
  kernel void name(global const type* x, global const type* low, global const type* high,        \
                   global type* y, int elements, int each) {                                     \
    EACH_ELEMENT(i) {                                                                            \
      const type v = low && x[i] < *low ? *low : x[i];                                           \
      y[i] = high && *high < v ? *high : v;                                                      \
    }                                                                                            \
  }
#include "ops/opencl/kernels/elementwise.inc"
FOR_INTEGERS(CLIP, clip)
CLIP(clip_float32, float)
