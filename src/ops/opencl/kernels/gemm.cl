// What a Gemm (ops/matmul.h) is beside the product of its matrices.
#include "ops/opencl/kernels/common.cl"

// x [rows, columns] as y [columns, rows].
kernel void transpose_matrix(global const float* x, global float* y, int rows, int columns,
                             int elements, int each) {
  EACH_ELEMENT(i) y[i] = x[i % rows * columns + i / rows];
}

// y [m, n] = alpha y + beta C; C may be null.
//   steps   of C along rows and columns
kernel void gemm_end(global const float* c, global float* y, int8 steps, int n, float alpha,
                     float beta, int elements, int each) {
  EACH_ELEMENT(i) {
    const float product = y[i] * alpha;
    y[i] = c ? fma(beta, c[i / n * steps.s0 + i % n * steps.s1], product) : product;
  }
}
