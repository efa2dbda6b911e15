// What runtime/self_test.cc holds against the host (kernels/self_test.cl, whose arguments these are).
#include "ops/opencl/kernels/fpga/common.cl"

ITEM_KERNEL self_test(global const float* restrict operands, global float* restrict results,
                      int count, GRID) {
  for (int i = 0; i < units * planes * 16; ++i) {
    const float a = operands[i], b = operands[count + i], c = operands[2 * count + i];
    results[i] = ADD(MUL(a, b), c);
    results[count + i] = FMA(a, b, c);
    results[2 * count + i] = DIV(a, b);
    results[3 * count + i] = SQRT(a);
    results[4 * count + i] = ADD(a, b);
    results[5 * count + i] = LESSER(a, b);
  }
}
