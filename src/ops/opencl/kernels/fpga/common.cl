// What all programs for boards share. A kernel is one work-item: a loop over the units of work that
// other devices have as a grid (dimension 1 is a unit, 2 a plane), in OpenCL C 1.2 without images and
// subgroups. The 16 lanes of a vector are an unrolled loop over floats. Rows of a tile come one after
// another, so that the chain of one sum advances only every ROWS cycles and the pipeline need not wait
// for its last fma; what they share is staged in local memory. The order of each sum is that of the
// other kernels.
#pragma once
#pragma OPENCL FP_CONTRACT OFF

typedef float F;
typedef int I;
#define AS_F as_float
#define AS_I as_int
#include "ops/opencl/kernels/shared.inc"

// Compilers that do not know the pragma get theirs: -D UNROLL='__attribute__((opencl_unroll_hint))'.
#ifndef UNROLL
#define UNROLL _Pragma("unroll")
#endif
#define FOR_LANES UNROLL for (int lane = 0; lane < 16; ++lane)

// ITEM_KERNEL name(arguments, GRID): `opencl-build` finds the names of kernels by these words.
#define ITEM_KERNEL kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
#define GRID int first_unit, int units, int planes
#define FOR_GRID                            \
  for (int plane = 0; plane < planes; ++plane) \
    for (int unit = first_unit; unit < first_unit + units; ++unit)
