// What runtime/self_test.cc holds against the host: self_test(operands, results, count).
//   operands   a, b, c: `count` floats each, whole vectors
//   results    a * b + c, fma(a, b, c), a / b, sqrt(a), a + b, and which is the lesser: as many each
#include "ops/opencl/kernels/common.cl"

kernel void self_test(global const float* operands, global float* results, int count) {
  const int at = 16 * get_global_id(1);
  const F a = LOAD(operands + at), b = LOAD(operands + count + at),
          c = LOAD(operands + 2 * count + at);
  STORE(ADD(MUL(a, b), c), results + at);
  STORE(FMA(a, b, c), results + count + at);
  STORE(DIV(a, b), results + 2 * count + at);
  STORE(SQRT(a), results + 3 * count + at);
  STORE(ADD(a, b), results + 4 * count + at);
  STORE(LESSER(a, b), results + 5 * count + at);
}
