// Binary element-wise operators with broadcasting (kernels/binary.cl, whose arguments these are) in
// one kernel: an element in each cycle.
//   operation   of the order in ops/opencl/binary.cc
#include "ops/opencl/kernels/fpga/common.cl"

enum { OF_ADD, OF_SUB, OF_MUL, OF_DIV, OF_MAX, OF_MIN, OF_PRELU };

static float combined(int operation, float p, float q) {
  switch (operation) {
    case OF_ADD: return ADD(p, q);
    case OF_SUB: return SUB(p, q);
    case OF_MUL: return MUL(p, q);
    case OF_DIV: return DIV(p, q);
    case OF_MAX: return SEL(NE(p, p), p, SEL(LT(q, p), p, q));
    case OF_MIN: return SEL(NE(p, p), p, SEL(LT(p, q), p, q));
    case OF_PRELU: return SEL(LT(p, K(0.0f)), MUL(p, q), p);
  }
  return p;
}

#define OUTER(i, j)                         \
  if (outer.s##i > 1) {                     \
    const int position = rest % outer.s##i; \
    rest /= outer.s##i;                     \
    a_at += position * steps.s##i;          \
    b_at += position * steps.s##j;          \
  }

ITEM_KERNEL binary(global const float* a, global const float* b, global float* y, int8 outer,
                   int8 steps, int8 inner, int operation, GRID) {
  FOR_GRID {
    const int part = unit % inner.s4 * inner.s3 * 16;
    const int first = unit / inner.s4 * inner.s5, last = min(first + inner.s5, inner.s6);
    for (int run = first; run < last; ++run) {
      int rest = run, a_at = 0, b_at = 0;
      OUTER(3, 7) OUTER(2, 6) OUTER(1, 5) OUTER(0, 4)
      for (int i = part; i < min(part + inner.s3 * 16, inner.s0); ++i)
        y[run * inner.s0 + i] =
            combined(operation, a[a_at + i * inner.s1], b[b_at + i * inner.s2]);
    }
  }
}
