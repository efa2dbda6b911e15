// Numbers as values of another type (ops/numeric_cast.h): integers wrap around, floats truncate to
// the nearest end of the range, NaN to 0.
//   to   NumberType in ops/opencl/elementwise.cc, of the same order
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

enum { TO_INT8, TO_UINT8, TO_INT16, TO_UINT16, TO_INT32, TO_UINT32, TO_INT64, TO_UINT64, TO_FLOAT32,
       TO_BOOL };

#define CAST(name, type, CONVERT)                                                                \
  kernel void name(global const type* x, global uchar* out, int to, WALK) {                      \
    ELEMENTWISE(CONVERT, type)                                                                   \
  }
#define PUT(type, number, value) \
  case number: ((global type*)out)[i] = value; break;
#define OF_INTEGER(type)                                                                         \
  const type v = x[p];                                                                           \
  switch (to) {                                                                                  \
    PUT(char, TO_INT8, (char)v)                                                                  \
    PUT(uchar, TO_UINT8, (uchar)v)                                                               \
    PUT(short, TO_INT16, (short)v)                                                               \
    PUT(ushort, TO_UINT16, (ushort)v)                                                            \
    PUT(int, TO_INT32, (int)v)                                                                   \
    PUT(uint, TO_UINT32, (uint)v)                                                                \
    PUT(long, TO_INT64, (long)v)                                                                 \
    PUT(ulong, TO_UINT64, (ulong)v)                                                              \
    PUT(float, TO_FLOAT32, (float)v)                                                             \
    PUT(uchar, TO_BOOL, v != 0)                                                                  \
  }
// `highest` may round up to a power of two, which is itself outside.
#define TRUNCATE(type, number, lowest, highest)                                                  \
  PUT(type, number, !(v >= (float)(lowest))  ? (v != v ? (type)0 : (type)(lowest))               \
                    : v >= (float)(highest) ? (type)(highest)                                   \
                                            : (type)v)
#define OF_FLOAT(type)                                                                           \
  const float v = x[p];                                                                          \
  switch (to) {                                                                                  \
    TRUNCATE(char, TO_INT8, CHAR_MIN, CHAR_MAX)                                                  \
    TRUNCATE(uchar, TO_UINT8, 0, UCHAR_MAX)                                                      \
    TRUNCATE(short, TO_INT16, SHRT_MIN, SHRT_MAX)                                                \
    TRUNCATE(ushort, TO_UINT16, 0, USHRT_MAX)                                                    \
    TRUNCATE(int, TO_INT32, INT_MIN, INT_MAX)                                                    \
    TRUNCATE(uint, TO_UINT32, 0, UINT_MAX)                                                       \
    TRUNCATE(long, TO_INT64, LONG_MIN, LONG_MAX)                                                 \
    TRUNCATE(ulong, TO_UINT64, 0, ULONG_MAX)                                                     \
    PUT(uchar, TO_BOOL, v != 0.0f)                                                               \
  }
#define CAST_INTEGER(name, type) CAST(name, type, OF_INTEGER)
FOR_INTEGERS(CAST_INTEGER, cast)
CAST(cast_float32, float, OF_FLOAT)
