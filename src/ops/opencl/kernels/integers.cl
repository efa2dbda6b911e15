// Arithmetic of integers, y = f(a, b); what has one operand gets it twice. All wraps around.
//   operation   IntegerOperation in ops/opencl/elementwise.cc, of the same order
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

enum { OF_ADD, OF_SUB, OF_MUL, OF_DIV, OF_MOD, OF_FMOD, OF_MAX, OF_MIN, OF_AND, OF_OR, OF_XOR,
       OF_NOT, OF_LOGICAL_NOT, OF_ABS, OF_NEG, OF_RELU, OF_SIGN, OF_SHIFT_LEFT, OF_SHIFT_RIGHT };

// Quotients truncate; a remainder has the sign of the divisor (Mod) or of the dividend (fmod). The
// quotient of the smallest value and -1 would overflow.
#define QUOTIENT(type)                                                                           \
  if (v == 0) {                                                                                  \
    report(faults, step, DIVISION_BY_ZERO, 0, 0);                                                \
    z = 0;                                                                                       \
  } else if ((type)-1 < 0 && v == (type)-1) {                                                    \
    z = operation == OF_DIV ? (type)(0 - (ulong)u) : (type)0;                                    \
  } else if (operation == OF_DIV) {                                                              \
    z = (type)(u / v);                                                                           \
  } else {                                                                                       \
    z = (type)(u % v);                                                                           \
    if (operation == OF_MOD && z != 0 && (z < 0) != (v < 0)) z = (type)(z + v);                  \
  }

#define INTEGERS(name, type)                                                                     \
  kernel void name(global const type* x, global const type* w, global type* y,                   \
                   global FaultCell* faults, int step, int operation, WALK) {                    \
    ELEMENTWISE(INTEGER, type)                                                                   \
  }
#define INTEGER(type)                                                                            \
  const type u = x[p], v = w[q];                                                                 \
  type z = 0;                                                                                    \
  switch (operation) {                                                                           \
    case OF_ADD: z = (type)((ulong)u + (ulong)v); break;                                         \
    case OF_SUB: z = (type)((ulong)u - (ulong)v); break;                                         \
    case OF_MUL: z = (type)((ulong)u * (ulong)v); break;                                         \
    case OF_DIV:                                                                                 \
    case OF_MOD:                                                                                 \
    case OF_FMOD: QUOTIENT(type) break;                                                          \
    case OF_MAX: z = v < u ? u : v; break;                                                       \
    case OF_MIN: z = u < v ? u : v; break;                                                       \
    case OF_AND: z = u & v; break;                                                               \
    case OF_OR: z = u | v; break;                                                                \
    case OF_XOR: z = u ^ v; break;                                                               \
    case OF_NOT: z = (type)~u; break;                                                            \
    case OF_LOGICAL_NOT: z = u ^ 1; break;                                                       \
    case OF_ABS: z = u < 0 ? (type)(0 - (ulong)u) : u; break;                                    \
    case OF_NEG: z = (type)(0 - (ulong)u); break;                                                \
    case OF_RELU: z = u < 0 ? (type)0 : u; break;                                                \
    case OF_SIGN: z = (type)((u > 0) - (u < 0)); break;                                          \
    case OF_SHIFT_LEFT: z = (ulong)v < 8 * sizeof(type) ? (type)((ulong)u << v) : (type)0; break; \
    case OF_SHIFT_RIGHT:                                                                         \
      z = (ulong)v < 8 * sizeof(type) ? (type)(u >> v) : u < 0 ? (type)-1 : (type)0;             \
      break;                                                                                     \
  }                                                                                              \
  y[i] = z
FOR_INTEGERS(INTEGERS, integers)
