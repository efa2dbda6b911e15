// Gemm (ops/matmul.h) of matrices as they are, element by element. What has constant weights is a
// Dense by then.
#include "ops/opencl/kernels/common.cl"

// y [m, n]; C may be null.
//   steps   of A along its rows and k, of B along k and its columns, of C along rows and columns
kernel void gemm(global const float* a, global const float* b, global const float* c,
                 global float* y, int8 steps, int n, int k,
                 float alpha, float beta, int elements, int each) {
  EACH_ELEMENT(i) {
    const int row = i / n, column = i % n;
    float sum = 0;
    for (int t = 0; t < k; ++t)
      sum = fma(a[row * steps.s0 + t * steps.s1], b[t * steps.s2 + column * steps.s3], sum);
    sum *= alpha;
    y[i] = c ? fma(beta, c[row * steps.s4 + column * steps.s5], sum) : sum;
  }
}
