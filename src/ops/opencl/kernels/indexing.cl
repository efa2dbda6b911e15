// Gather, GatherND, ScatterND and TopK: elements by tuples of indices into the leading axes.
//   extents, strides   of the axes that a tuple names
//   depth              indices of a tuple
//   wide               whether indices are int64, not int32
#include "ops/opencl/kernels/common.cl"

static long index_at(global const int* indices, int i, int wide) {
  return wide ? ((global const long*)indices)[i] : (long)indices[i];
}

// The offset to which tuple `row` points; -1, reported, if that is outside.
static int offset_of(global const int* indices, int row, int8 extents, int8 strides, int depth,
                     int wide, global FaultCell* faults, int step) {
  int extent[8], stride[8];
  vstore8(extents, 0, extent);
  vstore8(strides, 0, stride);
  int offset = 0;
  for (int k = 0; k < depth; ++k) {
    const long given = index_at(indices, row * depth + k, wide), size = extent[k];
    const long index = given < 0 ? given + size : given;
    if (index < 0 || index >= size) {
      report(faults, step, INDEX_OUT_OF_RANGE, given, size);
      return -1;
    }
    offset += (int)index * stride[k];
  }
  return offset;
}

// y [runs, run]: run r is that to which tuple r % period points, from r / group * next on. A unit
// takes `each` runs.
#define GATHER(name, type)                                                                        \
  kernel void name(global const type* x, global const int* indices, global type* y,               \
                   global FaultCell* faults, int step, int8 extents, int8 strides, int depth,     \
                   int wide, int runs, int run, int period, int group, int next, int each) {      \
    const int first = get_global_id(1) * each;                                                    \
    for (int r = first; r < min(first + each, runs); ++r) {                                       \
      const int offset =                                                                          \
          offset_of(indices, r % period, extents, strides, depth, wide, faults, step);            \
      if (offset < 0) continue;                                                                   \
      global const type* from = x + r / group * next + offset;                                    \
      for (int i = get_local_id(0); i < run; i += get_local_size(0)) y[r * run + i] = from[i];    \
    }                                                                                             \
  }
GATHER(gather_1, uchar)
GATHER(gather_2, ushort)
GATHER(gather_4, uint)
GATHER(gather_8, ulong)

// Runs of updates [rows, run] into places of y, one after another as the operator has it: a unit
// takes one vector of all runs.
#define SCATTER(name, COMBINE)                                                                    \
  kernel void name(global const int* indices, global const float* updates, global float* y,       \
                   global FaultCell* faults, int step, int8 extents, int8 strides, int depth,     \
                   int rows, int run) {                                                           \
    const int at = get_global_id(1) * 16, count = run - at;                                       \
    for (int row = 0; row < rows; ++row) {                                                        \
      const int offset = offset_of(indices, row, extents, strides, depth, 1, faults, step);       \
      if (offset < 0) return;                                                                     \
      global float* to = y + offset + at;                                                         \
      const F q = load_some(updates + row * run + at, count), p = load_some(to, count);           \
      (void)p;                                                                                    \
      store_some(COMBINE, to, count);                                                             \
    }                                                                                             \
  }
SCATTER(scatter_none, q)
SCATTER(scatter_add, ADD(p, q))
SCATTER(scatter_mul, MUL(p, q))
SCATTER(scatter_max, SEL(NE(p, p), p, SEL(LT(p, q), q, SEL(NE(q, q), q, p))))
SCATTER(scatter_min, SEL(NE(p, p), p, SEL(LT(q, p), q, SEL(NE(q, q), q, p))))

// x [outer, n, inner]: where an element comes is how many come before it, the greater ones (with
// `largest`; NaN is the greatest), and of equal ones those at lower positions. Either output may be
// null. Dimension 1 counts vectors of elements, 2 slices.
kernel void top_k(global const float* x, global float* values, global long* positions, int n,
                  int inner, int k, int largest) {
  const int slice = get_global_id(2), first = get_global_id(1) * 16;
  const int from = slice / inner * n * inner + slice % inner;
  const int to = slice / inner * k * inner + slice % inner;
  for (int i = first + get_local_id(0); i < min(first + 16, n); i += get_local_size(0)) {
    const float value = x[from + i * inner];
    int rank = 0;
    for (int j = 0; j < n; ++j) {
      const float other = x[from + j * inner];
      const float p = largest ? value : other, q = largest ? other : value;
      const int before = p < q || (q != q && p == p), behind = q < p || (p != p && q == q);
      rank += before || (!behind && j < i);
    }
    if (rank >= k) continue;
    if (values) values[to + rank * inner] = value;
    if (positions) positions[to + rank * inner] = i;
  }
}
