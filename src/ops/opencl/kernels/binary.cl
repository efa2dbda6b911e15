// Binary element-wise operators with broadcasting. The innermost axis is a run, along which an
// operand advances by 1 or, repeated, by 0; there are up to 4 axes around it.
//   outer   extents of the outer axes, the last one innermost
//   steps   of a, then of b, along the outer axes
//   inner   elements of a run, steps of a and b along it, vectors of a part, parts of a run,
//           runs of a unit, runs in all
#include "ops/opencl/kernels/common.cl"

#define OUTER(i, j)                            \
  if (outer.s##i > 1) {                        \
    const int position = rest % outer.s##i;    \
    rest /= outer.s##i;                        \
    a_at += position * steps.s##i;             \
    b_at += position * steps.s##j;             \
  }

#define BINARY(name, expression)                                                                 \
  kernel void binary_##name(global const float* a, global const float* b, global float* y,       \
                            int8 outer, int8 steps, int8 inner) {                                \
    const int unit = get_global_id(1), part = unit % inner.s4 * inner.s3 * 16;                   \
    const int first = unit / inner.s4 * inner.s5, last = min(first + inner.s5, inner.s6);        \
    for (int run = first; run < last; ++run) {                                                   \
      int rest = run, a_at = 0, b_at = 0;                                                        \
      OUTER(3, 7) OUTER(2, 6) OUTER(1, 5) OUTER(0, 4)                                            \
      for (int i = part; i < min(part + inner.s3 * 16, inner.s0); i += 16) {                     \
        const int count = inner.s0 - i;                                                          \
        const F p = inner.s1 ? load_some(a + a_at + i, count) : K(a[a_at]);                      \
        const F q = inner.s2 ? load_some(b + b_at + i, count) : K(b[b_at]);                      \
        store_some(expression, y + run * inner.s0 + i, count);                                   \
      }                                                                                          \
    }                                                                                            \
  }
BINARY(add, ADD(p, q))
BINARY(sub, SUB(p, q))
BINARY(mul, MUL(p, q))
BINARY(div, DIV(p, q))
BINARY(max, SEL(NE(p, p), p, SEL(LT(q, p), p, q)))
BINARY(min, SEL(NE(p, p), p, SEL(LT(p, q), p, q)))
BINARY(fmod, fmod(p, q))
// A remainder with the sign of the divisor.
static F modulo(F p, F q) {
  const F r = fmod(p, q);
  return SEL(NE(r, K(0.0f)) & NE(LT(r, K(0.0f)), LT(q, K(0.0f))), ADD(r, q), r);
}
BINARY(mod, modulo(p, q))
BINARY(prelu, SEL(LT(p, K(0.0f)), MUL(p, q), p))
