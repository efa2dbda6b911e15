// Numbers as values of another type (ops/numeric_cast.h): integers wrap around, floats truncate to
// the nearest end of the range, NaN to 0. Narrow floats are computed as float32; float64, for which
// no device needs to have arithmetic, becomes or comes from other floats only.
//   to   the number of the type in ops/opencl/number_kernels.cc
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

enum { TO_INT8, TO_UINT8, TO_INT16, TO_UINT16, TO_INT32, TO_UINT32, TO_INT64, TO_UINT64, TO_FLOAT32,
       TO_BOOL, TO_FLOAT16, TO_BFLOAT16, TO_FLOAT64 };

// Rounded as engine::Float16 and engine::BFloat16 do.
static ushort float16_of(float value) {
  const uint x = as_uint(value), sign = x >> 16 & 0x8000u, magnitude = x & 0x7fffffffu;
  if (magnitude >= 0x7f800000u)  // infinity, or a NaN that must stay one
    return (ushort)(sign | 0x7c00u | (magnitude > 0x7f800000u ? 0x200u : 0u));
  if (magnitude < 0x38800000u)  // below 2^-14: the adder rounds to multiples of 2^-24
    return (ushort)(sign | (as_uint(as_float(magnitude) + 0.5f) - 0x3f000000u));
  const uint rounded = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  return (ushort)(sign | min(rounded, 0x7c00u));
}
static ushort bfloat16_of(float value) {
  const uint x = as_uint(value);
  if ((x & 0x7fffffffu) > 0x7f800000u) return (ushort)(x >> 16 | 0x40u);
  return (ushort)((x + 0x7fffu + (x >> 16 & 1u)) >> 16);
}
static float of_float16(ushort bits) {
  const uint sign = (uint)bits << 16 & 0x80000000u, exponent = bits >> 10 & 31u;
  const uint mantissa = bits & 0x3ffu;
  if (exponent == 0) return as_float(as_uint((float)mantissa * 0x1p-24f) | sign);
  return as_float(sign | (exponent == 31 ? 255u : exponent + 112u) << 23 | mantissa << 13);
}
static float of_bfloat16(ushort bits) { return as_float((uint)bits << 16); }

// The bits of a float64 rounded to nearest even, or `to_odd` (ops::round_to_odd).
static float of_float64(ulong x, int to_odd) {
  const uint sign = (uint)(x >> 32) & 0x80000000u;
  const int exponent = (int)(x >> 52) & 2047, least = 897;  // of the smallest normal float
  const ulong mantissa = x & 0xfffffffffffffUL;
  if (exponent == 2047 && mantissa)
    return as_float(sign | 0x7fc00000u | (uint)(mantissa >> 29));
  if (exponent > 1150) return as_float(sign | 0x7f800000u);
  const ulong whole = exponent ? mantissa | 1UL << 52 : mantissa;
  const int shift = min(29 + max(0, least - exponent), 60);
  const ulong rest = whole & ((1UL << shift) - 1), half_way = 1UL << (shift - 1);
  const uint kept = (uint)(whole >> shift);
  const int up = rest > half_way || (rest == half_way && kept & 1);
  const uint rounded = to_odd ? kept | (rest != 0) : kept + up;
  return as_float(sign | (((uint)max(0, exponent - least) << 23) + rounded));
}
static ulong float64_of(float value) {
  const uint x = as_uint(value), magnitude = x & 0x7fffffffu;
  const ulong sign = (ulong)(x & 0x80000000u) << 32;
  if (magnitude > 0x7f800000u)
    return sign | 0x7ff8000000000000UL | (ulong)(magnitude & 0x7fffffu) << 29;
  if (magnitude == 0x7f800000u) return sign | 0x7ff0000000000000UL;
  if (magnitude == 0) return sign;
  const int up = magnitude < 0x800000u ? (int)clz(magnitude) - 8 : 0;  // to the place of a leading 1
  const int exponent = max((int)(magnitude >> 23), 1) - up + 896;
  return sign | (ulong)exponent << 52 | ((ulong)((magnitude << up) & 0x7fffffu) << 29);
}

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
    PUT(ushort, TO_FLOAT16, float16_of((float)v))                                                \
    PUT(ushort, TO_BFLOAT16, bfloat16_of((float)v))                                              \
  }
// `highest` may round up to a power of two, which is itself outside.
#define TRUNCATE(type, number, lowest, highest)                                                  \
  PUT(type, number, !(v >= (float)(lowest))  ? (v != v ? (type)0 : (type)(lowest))               \
                    : v >= (float)(highest) ? (type)(highest)                                   \
                                            : (type)v)
#define FROM(v)                                                                                  \
  switch (to) {                                                                                  \
    TRUNCATE(char, TO_INT8, CHAR_MIN, CHAR_MAX)                                                  \
    TRUNCATE(uchar, TO_UINT8, 0, UCHAR_MAX)                                                      \
    TRUNCATE(short, TO_INT16, SHRT_MIN, SHRT_MAX)                                                \
    TRUNCATE(ushort, TO_UINT16, 0, USHRT_MAX)                                                    \
    TRUNCATE(int, TO_INT32, INT_MIN, INT_MAX)                                                    \
    TRUNCATE(uint, TO_UINT32, 0, UINT_MAX)                                                       \
    TRUNCATE(long, TO_INT64, LONG_MIN, LONG_MAX)                                                 \
    TRUNCATE(ulong, TO_UINT64, 0, ULONG_MAX)                                                     \
    PUT(float, TO_FLOAT32, v)                                                                    \
    PUT(uchar, TO_BOOL, v != 0.0f)                                                               \
    PUT(ushort, TO_FLOAT16, float16_of(v))                                                       \
    PUT(ushort, TO_BFLOAT16, bfloat16_of(v))                                                     \
    PUT(ulong, TO_FLOAT64, float64_of(v))                                                        \
  }
#define OF_FLOAT32(type) const float v = x[p]; FROM(v)
#define OF_FLOAT16(type) const float v = of_float16(x[p]); FROM(v)
#define OF_BFLOAT16(type) const float v = of_bfloat16(x[p]); FROM(v)
#define OF_FLOAT64(type) const float v = of_float64(x[p], to != TO_FLOAT32); FROM(v)
#define CAST_INTEGER(name, type) CAST(name, type, OF_INTEGER)
FOR_INTEGERS(CAST_INTEGER, cast)
CAST(cast_float32, float, OF_FLOAT32)
CAST(cast_float16, ushort, OF_FLOAT16)
CAST(cast_bfloat16, ushort, OF_BFLOAT16)
CAST(cast_float64, ulong, OF_FLOAT64)
