// What all programs share. A vector is 16 floats, as wide as a block of channels and as the sums
// along an axis (numerics/contract.h). With LANES 16 a work-item holds all of it: what a CPU wants.
// With LANES 1 it is spread over the 16 work-items that lie along dimension 0, one float each: what
// a GPU wants. Either way work is counted in dimensions 1 and 2, and a text is the same but for the
// few that pass values from lane to lane. NARROW is 1 on CPUs whose registers hold half a vector or
// less.
//
// Vectors behind the end of a tensor may be read and written up to the end of its last cache line.
#pragma once
#pragma OPENCL FP_CONTRACT OFF

#if LANES == 16
typedef float16 F;
typedef int16 I;
#define AS_F as_float16
#define AS_I as_int16
#define LOAD(p) vload16(0, p)
#define STORE(v, p) vstore16(v, 0, p)
#else
typedef float F;
typedef int I;
#define AS_F as_float
#define AS_I as_int
#define LOAD(p) ((p)[get_local_id(0)])
#define STORE(v, p) ((p)[get_local_id(0)] = (v))
#endif

#include "ops/opencl/kernels/shared.inc"

// A vector that ends with the tensor or the row: `count` lanes are valid, others read 1, or `rest`,
// and are not written.
#if LANES == 16
static F load_or(global const float* p, int count, float rest) {
  if (count >= 16) return LOAD(p);
  float lanes[16];
  for (int i = 0; i < 16; ++i) lanes[i] = i < count ? p[i] : rest;
  return vload16(0, lanes);
}
static void store_some(F v, global float* p, int count) {
  if (count >= 16) {
    STORE(v, p);
    return;
  }
  float lanes[16];
  vstore16(v, 0, lanes);
  for (int i = 0; i < min(count, 16); ++i) p[i] = lanes[i];
}
#else
static F load_or(global const float* p, int count, float rest) {
  const int lane = get_local_id(0);
  return lane < count ? p[lane] : rest;
}
static void store_some(F v, global float* p, int count) {
  const int lane = get_local_id(0);
  if (lane < count) p[lane] = v;
}
#endif
// Elements that are `step` floats apart; lanes behind the first `count` read 0 and are not written.
#if LANES == 16
static F load_apart(global const float* p, int step, int count) {
  float lanes[16];
  for (int i = 0; i < 16; ++i) lanes[i] = i < count ? p[i * step] : 0.0f;
  return vload16(0, lanes);
}
static void store_apart(F v, global float* p, int step, int count) {
  float lanes[16];
  vstore16(v, 0, lanes);
  for (int i = 0; i < min(count, 16); ++i) p[i * step] = lanes[i];
}
#else
static F load_apart(global const float* p, int step, int count) {
  const int lane = get_local_id(0);
  return lane < count ? p[lane * step] : 0.0f;
}
static void store_apart(F v, global float* p, int step, int count) {
  const int lane = get_local_id(0);
  if (lane < count) p[lane * step] = v;
}
#endif
// A mask of the first `count` lanes.
#if LANES == 16
static I valid_lanes(int count) {
  return (I)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) < (I)(count);
}
#else
static I valid_lanes(int count) { return (int)get_local_id(0) < count; }
#endif
static F load_some(global const float* p, int count) { return load_or(p, count, 1.0f); }

// One value of all lanes: halves are folded until one is left (numerics/contract.h, rule 5). Spread
// lanes meet in local memory, which FOLD_MEMORY declares in a kernel.
//
// A loop that has barriers in it, folds for instance, ends with END_SYNCED: a branch on the lane
// right before the end of such a loop is taken by all lanes as by the first one where work-items are
// turned into loops (PoCL 3.1 does).
#if LANES == 16
#define END_SYNCED
#define FOLD_MEMORY
#define FOLD(name, SCALAR, VECTOR)            \
  static float name(F v) {                    \
    const float8 a = VECTOR(v.lo, v.hi);      \
    const float4 b = VECTOR(a.lo, a.hi);      \
    const float2 c = VECTOR(b.lo, b.hi);      \
    return SCALAR(c.x, c.y);                  \
  }
#define SUM_LANES(v) fold_sum(v)
#define MAX_LANES(v) fold_max(v)
#define FOLD_ADD(p, q) ((p) + (q))
#define FOLD_LARGER(p, q) select(p, q, (q) > (p))
#define FOLD_LARGER_ONE(p, q) ((q) > (p) ? (q) : (p))
FOLD(fold_sum, FOLD_ADD, FOLD_ADD)
FOLD(fold_max, FOLD_LARGER_ONE, FOLD_LARGER)
#else
#define END_SYNCED barrier(CLK_LOCAL_MEM_FENCE);
#define FOLD_MEMORY local float fold_memory[16];
#define FOLD(name, expression)                              \
  static float name(float v, local float* memory) {         \
    const int lane = get_local_id(0);                       \
    memory[lane] = v;                                       \
    barrier(CLK_LOCAL_MEM_FENCE);                           \
    for (int width = 8; width > 0; width /= 2) {            \
      if (lane < width) {                                   \
        const float p = memory[lane], q = memory[lane + width]; \
        memory[lane] = expression;                          \
      }                                                     \
      END_SYNCED                                            \
    }                                                       \
    const float result = memory[0];                         \
    barrier(CLK_LOCAL_MEM_FENCE);                           \
    return result;                                          \
  }
FOLD(fold_sum, p + q)
FOLD(fold_max, q > p ? q : p)
#define SUM_LANES(v) fold_sum(v, fold_memory)
#define MAX_LANES(v) fold_max(v, fold_memory)
#endif

// A work-item's share of all elements: `each` that lie together.
#define EACH_ELEMENT(i)                                                                          \
  const int each_first = (get_global_id(1) * get_global_size(0) + get_global_id(0)) * each;      \
  for (int i = each_first; i < min(each_first + each, elements); ++i)

// The first bad value of a run (FaultCell in ops/opencl/kernel.h); `step` counts from 1. Kernels go
// on after it, inside their tensors.
typedef struct {
  int step, kind;
  long a, b;
} FaultCell;
#define INDEX_OUT_OF_RANGE 1  // Status::Fault
#define DIVISION_BY_ZERO 2
static void report(global FaultCell* cell, int step, int kind, long a, long b) {
  if (atomic_cmpxchg(&cell->step, 0, step) != 0) return;
  cell->kind = kind;
  cell->a = a;
  cell->b = b;
}
