// What elements of the output are follows from where they are: Trilu, Pad and ReverseSequence; or from an index at
// the same place: GatherElements and ScatterElements. Once for each size of elements.
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

// x, y [.., rows, columns]; k, which may be null, is the diagonal that still belongs to a triangle.
#define TRIANGLE(name, type)                                                                     \
  kernel void name(global const type* x, global const long* k, global type* y, int rows,         \
                   int columns, int upper, int elements, int each) {                             \
    const int diagonal = k ? (int)clamp(*k, -(long)rows - 1, (long)columns + 1) : 0;             \
    EACH_ELEMENT(i) {                                                                            \
      const int past = i % columns - i / columns % rows - diagonal;                              \
      y[i] = (upper ? past >= 0 : past <= 0) ? x[i] : (type)0;                                   \
    }                                                                                            \
  }
TRIANGLE(triangle_1, uchar)
TRIANGLE(triangle_2, ushort)
TRIANGLE(triangle_4, uint)
TRIANGLE(triangle_8, ulong)

enum { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP };  // ops::Pad::Mode

// Position i behind the first of n elements as one of them, by `mode`; -1 for the constant.
static int padded_from(int i, int n, int mode) {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case PAD_EDGE: return i < 0 ? 0 : n - 1;
    case PAD_WRAP: return (i % n + n) % n;
    case PAD_REFLECT: {
      const int period = max(2 * (n - 1), 1), at = (i % period + period) % period;
      return at < n ? at : period - at;
    }
  }
  return -1;
}

// Along each axis `counts` elements of x, from `firsts` on, lie in y from `begins` on; `strides`
// are those of x. The value may be null.
#define PAD(name, type)                                                                          \
  kernel void name(global const type* x, global const type* value, global type* y, int8 extents, \
                   int8 begins, int8 counts, int8 firsts, int8 strides, int mode, int elements,  \
                   int each) {                                                                   \
    const type fill = value ? *value : (type)0;                                                  \
    EACH_ELEMENT(i) {                                                                            \
      int rest = i, from = 0, inside = 1;                                                        \
      PAD_AXIS(7) PAD_AXIS(6) PAD_AXIS(5) PAD_AXIS(4) PAD_AXIS(3) PAD_AXIS(2) PAD_AXIS(1)        \
      PAD_AXIS(0)                                                                                \
      y[i] = inside ? x[from] : fill;                                                            \
    }                                                                                            \
  }
#define PAD_AXIS(k)                                                                              \
  {                                                                                              \
    const int at = padded_from(rest % extents.s##k - begins.s##k, counts.s##k, mode);            \
    rest /= extents.s##k;                                                                        \
    inside &= at >= 0;                                                                           \
    from += (firsts.s##k + at) * strides.s##k;                                                   \
  }
PAD(pad_1, uchar)
PAD(pad_2, ushort)
PAD(pad_4, uint)
PAD(pad_8, ulong)

// x, y [time, batch, inner], or with `batch_first` the other way round: the first lengths[b] elements
// of a sequence in reverse.
#define REVERSE(name, type)                                                                      \
  kernel void name(global const type* x, global const long* lengths, global type* y,             \
                   global FaultCell* faults, int step, int time, int batch, int inner,           \
                   int batch_first, int elements, int each) {                                    \
    EACH_ELEMENT(i) {                                                                            \
      const int outer = i / inner, t = batch_first ? outer % time : outer / batch;               \
      const int b = batch_first ? outer / time : outer % batch;                                  \
      const long length = lengths[b];                                                            \
      if (length < 0 || length > time) {                                                         \
        report(faults, step, INDEX_OUT_OF_RANGE, length, (long)time + 1);                        \
        continue;                                                                                \
      }                                                                                          \
      const int shift = t < length ? (int)length - 1 - 2 * t : 0;                                \
      y[i] = x[i + shift * (batch_first ? inner : batch * inner)];                               \
    }                                                                                            \
  }
REVERSE(reverse_1, uchar)
REVERSE(reverse_2, ushort)
REVERSE(reverse_4, uint)
REVERSE(reverse_8, ulong)

// An index into n elements; -1, reported, if it is outside.
static int element_at(global const int* indices, int i, int wide, int n, global FaultCell* faults,
                      int step) {
  const long given = wide ? ((global const long*)indices)[i] : (long)indices[i];
  const long index = given < 0 ? given + n : given;
  if (index >= 0 && index < n) return (int)index;
  report(faults, step, INDEX_OUT_OF_RANGE, given, n);
  return -1;
}

// Indices and y alike; p walks over x but for the axis of n elements, `stride` apart.
#define GATHER_ELEMENTS(name, type)                                                              \
  kernel void name(global const type* x, global const int* indices, global type* y,              \
                   global FaultCell* faults, int step, int wide, int n, int stride, WALK) {      \
    ELEMENTWISE(GATHER_ELEMENT, type)                                                            \
  }
#define GATHER_ELEMENT(type)                                                                     \
  const int at = element_at(indices, i, wide, n, faults, step);                                  \
  if (at >= 0) y[i] = x[p + at * stride]
GATHER_ELEMENTS(gather_elements_1, uchar)
GATHER_ELEMENTS(gather_elements_2, ushort)
GATHER_ELEMENTS(gather_elements_4, uint)
GATHER_ELEMENTS(gather_elements_8, ulong)

// Updates along the axis, one after another: p walks over y, q over updates and indices but for it,
// where there are `count` of them, `next` apart.
#define SCATTER_ELEMENTS(name, type, ONE)                                                        \
  kernel void name(global const int* indices, global const type* updates, global type* y,        \
                   global FaultCell* faults, int step, int wide, int n, int stride, int count,   \
                   int next, int reduction, WALK) {                                              \
    ELEMENTWISE(ONE, type)                                                                       \
  }
#define SCATTER_LINE(type, RESULT)                                                               \
  for (int k = 0; k < count; ++k) {                                                              \
    const int at = element_at(indices, q + k * next, wide, n, faults, step);                     \
    if (at < 0) return;                                                                          \
    const type old = y[p + at * stride], update = updates[q + k * next];                         \
    (void)old;                                                                                   \
    y[p + at * stride] = RESULT;                                                                 \
  }
#define REPLACE(type) SCATTER_LINE(type, update)
#define COMBINE(type) SCATTER_LINE(type, combined(old, update, reduction))
static float combined(float old, float update, int reduction) {
  switch (reduction) {  // ops::Reduction
    case 1: return old + update;
    case 2: return old * update;
    case 3: return old != old || old >= update ? old : update;
    case 4: return old != old || old <= update ? old : update;
  }
  return update;
}
SCATTER_ELEMENTS(scatter_elements_1, uchar, REPLACE)
SCATTER_ELEMENTS(scatter_elements_2, ushort, REPLACE)
SCATTER_ELEMENTS(scatter_elements_4, uint, REPLACE)
SCATTER_ELEMENTS(scatter_elements_8, ulong, REPLACE)
SCATTER_ELEMENTS(scatter_elements_float32, float, COMBINE)
