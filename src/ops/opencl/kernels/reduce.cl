// Reductions over any axes (ops/reduce.h). The axes that are kept and those that are reduced, but
// for the trailing axes of one kind, are lists of up to 4 extents, then as many steps in x.
//   finish   0 nothing, 1 the mean of `count`, 2 the square root, 3 the logarithm
#include "ops/opencl/kernels/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"

static int place_of(int8 axes, int flat) {
  int at = flat % axes.s3 * axes.s7;
  flat /= axes.s3;
  at += flat % axes.s2 * axes.s6;
  flat /= axes.s2;
  at += flat % axes.s1 * axes.s5;
  return at + flat / axes.s1 * axes.s4;
}

static F finished(F sum, int finish, int count) {
  switch (finish) {
    case 1: return DIV(sum, K((float)count));
    case 2: return SQRT(sum);
    case 3: return p_log(sum);
  }
  return sum;
}

// One value of all lanes, in them all: halves are folded until one is left.
#if LANES == 16
#define FOLD_LANES(name, JOIN)                                       \
  static F name(F v, local float* memory) {                          \
    const float8 a = JOIN(v.lo, v.hi);                               \
    const float4 b = JOIN(a.lo, a.hi);                               \
    const float2 c = JOIN(b.lo, b.hi);                               \
    return K(JOIN(c.x, c.y));                                        \
  }
#else
#define FOLD_LANES(name, JOIN)                                       \
  static F name(F v, local float* memory) {                          \
    const int lane = get_local_id(0);                                \
    memory[lane] = v;                                                \
    barrier(CLK_LOCAL_MEM_FENCE);                                    \
    for (int width = 8; width > 0; width /= 2) {                     \
      if (lane < width) memory[lane] = JOIN(memory[lane], memory[lane + width]); \
      END_SYNCED                                                     \
    }                                                                \
    const F result = memory[0];                                      \
    barrier(CLK_LOCAL_MEM_FENCE);                                    \
    return result;                                                   \
  }
#endif

// Output `o` made of runs of `inner` elements, and 16 neighbouring outputs of the last axis, in one
// chain each.
#define FOLDS(name, START, ENTER, JOIN)                                                           \
  FOLD_LANES(lanes_##name, JOIN)                                                                  \
  static F row_##name(global const float* x, int8 reduced, int runs, int inner, F shift,          \
                      local float* memory) {                                                      \
    F sum = K(START);                                                                             \
    for (int r = 0; r < runs; ++r) {                                                              \
      global const float* run = x + place_of(reduced, r);                                         \
      for (int i = 0; i < inner; i += 16) {                                                       \
        const F v = load_some(run + i, inner - i);                                                \
        sum = SEL(valid_lanes(inner - i), ENTER, sum);                                            \
      }                                                                                           \
    }                                                                                             \
    return lanes_##name(sum, memory);                                                             \
  }                                                                                               \
  static F column_##name(global const float* x, int8 reduced, int runs, int lanes, F shift) {     \
    F sum = K(START);                                                                             \
    for (int r = 0; r < runs; ++r) {                                                              \
      const F v = load_some(x + place_of(reduced, r), lanes);                                     \
      sum = ENTER;                                                                                \
    }                                                                                             \
    return sum;                                                                                   \
  }

// Dimension 1 counts outputs of rows (a unit takes `each`), or vectors of 16 outputs; 2 counts kept
// positions of columns.
#define REDUCE(name, SHIFT_ROW, SHIFT_COLUMN, FINISH)                                             \
  kernel void reduce_rows_##name(global const float* x, global float* y, int8 kept, int8 reduced, \
                                 int runs, int inner, int finish, int count, int outputs,         \
                                 int each) {                                                      \
    local float memory[16];                                                                       \
    const int first = get_global_id(1) * each;                                                    \
    for (int o = first; o < min(first + each, outputs); ++o) {                                    \
      global const float* from = x + place_of(kept, o);                                           \
      const F shift = SHIFT_ROW;                                                                  \
      const F value =                                                                             \
          finished(row_##name(from, reduced, runs, inner, shift, memory), finish, count);         \
      store_some(FINISH, y + o, 1);                                                               \
      END_SYNCED                                                                                  \
    }                                                                                             \
  }                                                                                               \
  kernel void reduce_columns_##name(global const float* x, global float* y, int8 kept,            \
                                    int8 reduced, int runs, int inner, int finish, int count) {   \
    const int column = get_global_id(1) * 16, lanes = inner - column;                             \
    global const float* from = x + place_of(kept, get_global_id(2)) + column;                     \
    const F shift = SHIFT_COLUMN;                                                                 \
    const F value = finished(column_##name(from, reduced, runs, lanes, shift), finish, count);    \
    store_some(FINISH, y + get_global_id(2) * inner + column, lanes);                             \
  }

#define JOIN_ADD(p, q) ((p) + (q))
#define JOIN_MUL(p, q) ((p) * (q))
#define JOIN_MAX(p, q) select(q, p, ((p) != (p)) | ((q) < (p)))
#define JOIN_MIN(p, q) select(q, p, ((p) != (p)) | ((p) < (q)))
FOLDS(add, 0.0f, ADD(sum, v), JOIN_ADD)
FOLDS(add_abs, 0.0f, ADD(sum, ASF(IAND(ASI(v), KI(0x7fffffff)))), JOIN_ADD)
FOLDS(add_square, 0.0f, FMA(v, v, sum), JOIN_ADD)
FOLDS(add_exp, 0.0f, ADD(sum, p_exp(SUB(v, shift))), JOIN_ADD)
FOLDS(multiply, 1.0f, MUL(sum, v), JOIN_MUL)
FOLDS(max, -INFINITY, JOIN_MAX(sum, v), JOIN_MAX)
FOLDS(min, INFINITY, JOIN_MIN(sum, v), JOIN_MIN)

// What LogSumExp subtracts: a maximum, if it is finite.
static F exp_shift(F top) {
  return SEL(LT(ASF(IAND(ASI(top), KI(0x7fffffff))), K(INFINITY)), top, K(0.0f));
}
REDUCE(add, K(0.0f), K(0.0f), value)
REDUCE(add_abs, K(0.0f), K(0.0f), value)
REDUCE(add_square, K(0.0f), K(0.0f), value)
REDUCE(add_exp, exp_shift(row_max(from, reduced, runs, inner, K(0.0f), memory)),
       exp_shift(column_max(from, reduced, runs, lanes, K(0.0f))), ADD(value, shift))
REDUCE(multiply, K(0.0f), K(0.0f), value)
REDUCE(max, K(0.0f), K(0.0f), value)
REDUCE(min, K(0.0f), K(0.0f), value)
