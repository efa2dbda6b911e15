// Where: elements of one of two operands, by the bytes of a condition.
#include "ops/opencl/kernels/common.cl"
#include "ops/opencl/kernels/elementwise.inc"

#define PICK(name, type)                                                                         \
  kernel void name(global const uchar* condition, global const type* x, global const type* w,    \
                   global type* y, WALK) {                                                       \
    ELEMENTWISE(TAKE, type)                                                                      \
  }
#define TAKE(type) y[i] = condition[p] ? x[q] : w[r]
PICK(pick_1, uchar)
PICK(pick_2, ushort)
PICK(pick_4, uint)
PICK(pick_8, ulong)
