// Operators along one axis of x [outer, n, inner], one slice after another as its elements come.
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

// The first position of the largest or smallest element (ops/arg_max.h), or with `ties` the last
// one; NaN beats every number.
#define FIND(name, type)                                                                         \
  static int find_##name(global const type* x, int n, int inner, int ties, int larger) {         \
    type best = x[0];                                                                            \
    int where = 0;                                                                               \
    for (int i = 1; i < n; ++i) {                                                                \
      const type v = x[i * inner];                                                               \
      const int wins = larger ? v > best : v < best;                                             \
      const int equal = v == best || (v != v && best != best);                                   \
      if (!wins && !(v != v && best == best) && !(ties && equal)) continue;                      \
      best = v;                                                                                  \
      where = i;                                                                                 \
    }                                                                                            \
    return where;                                                                                \
  }
#define ARG(name, type)                                                                          \
  FIND(name, type)                                                                               \
  kernel void name(global const type* x, global long* y, int n, int inner, int ties, int larger, \
                   int elements, int each) {                                                     \
    EACH_ELEMENT(i)                                                                              \
      y[i] = find_##name(x + i / inner * n * inner + i % inner, n, inner, ties, larger);         \
  }
FOR_INTEGERS(ARG, arg)
ARG(arg_float32, float)

kernel void hardmax(global const float* x, global float* y, int n, int inner, int elements,
                    int each) {
  EACH_ELEMENT(i) {
    const int start = i / inner * n * inner + i % inner;
    const int where = find_arg_float32(x + start, n, inner, 0, 1);
    for (int k = 0; k < n; ++k) y[start + k * inner] = k == where ? 1.0f : 0.0f;
  }
}

// Sums or products of all elements up to one (ops/cumulative.h). The axis is a value: of x, with
// axes of the given extents, the last `rank` of them its own, every first element goes along it.
//   how   1 products, 2 without the element itself, 4 from the other end
#define CUMULATE(name, type, number)                                                             \
  kernel void name(global const type* x, global const int* axis, global type* y,                 \
                   global FaultCell* faults, int step, int wide, int8 axes, int rank, int how,   \
                   int elements, int each) {                                                     \
    int extent[8], inner = 1;                                                                    \
    vstore8(axes, 0, extent);                                                                    \
    const long given = wide ? *(global const long*)axis : (long)*axis;                           \
    const long along = given < 0 ? given + rank : given;                                         \
    if (along < 0 || along >= rank) {                                                            \
      report(faults, step, INDEX_OUT_OF_RANGE, given, rank);                                     \
      return;                                                                                    \
    }                                                                                            \
    const int at = (int)along + 8 - rank, n = extent[at];                                        \
    for (int k = at + 1; k < 8; ++k) inner *= extent[k];                                         \
    EACH_ELEMENT(i) {                                                                            \
      if (i / inner % n != 0) continue;                                                          \
      number sum = how & 1 ? 1 : 0;                                                              \
      for (int k = 0; k < n; ++k) {                                                              \
        const int place = i + (how & 4 ? n - 1 - k : k) * inner;                                 \
        const number before = sum, element = (number)x[place];                                   \
        sum = how & 1 ? before * element : before + element;                                     \
        y[place] = (type)(how & 2 ? before : sum);                                               \
      }                                                                                          \
    }                                                                                            \
  }
CUMULATE(cumulate_float32, float, float)
CUMULATE(cumulate_int32, int, uint)
CUMULATE(cumulate_uint32, uint, uint)
CUMULATE(cumulate_int64, long, ulong)
CUMULATE(cumulate_uint64, ulong, ulong)
