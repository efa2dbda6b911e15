// RNN, GRU and LSTM (ops/recurrent.h): one direction, a unit takes all steps of one sample. The
// products of w with all inputs are there already.
//
//   products   [rows of x][gates][padded]: padded is hidden, rounded up to whole vectors
//   r          [gates * padded / 16][hidden][16]
//   bias       [gates][padded]: of w and r added, then those of w, then those of r
//   peepholes  [3][padded], or null     lengths  [batch], or null
//   y, y_h, y_c  any of them null
//   state      [batch][4][padded]
//   shape      steps, batch, hidden, padded, directions, this direction, whether it runs backwards,
//              whether the batch is the first axis
//   variant    linear_before_reset, or input_forget
#include "ops/opencl/kernels/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"

#if LANES == 16
#define SYNC
#else
#define SYNC barrier(CLK_GLOBAL_MEM_FENCE);
#endif

typedef struct {
  int steps, batch, hidden, padded, directions, direction, backwards, batch_first;
} Shape;

static int state_offset(Shape s, int sample) {
  return (s.batch_first ? sample * s.directions + s.direction : s.direction * s.batch + sample) *
         s.hidden;
}
static int y_offset(Shape s, int step, int sample) {
  return (s.batch_first ? (sample * s.steps + step) * s.directions + s.direction
                        : (step * s.directions + s.direction) * s.batch + sample) *
         s.hidden;
}

// Hidden units between padded and dense memory.
static void load_state(Shape s, global const float* from, global float* to) {
  for (int u = 0; u < s.padded; u += 16)
    STORE(from ? load_or(from + u, s.hidden - u, 0.0f) : K(0.0f), to + u);
}
static void store_state(Shape s, global const float* from, global float* to) {
  for (int u = 0; u < s.padded; u += 16) store_some(LOAD(from + u), to + u, s.hidden - u);
}

// sums[g] = the chain of h with vector u of gate g.
#define CHAINS(count)                                                                             \
  static void chains_##count(F* sums, Shape s, global const float* r, global const float* h) {    \
    for (int g = 0; g < count; ++g) sums[g] = K(0.0f);                                            \
    for (int k = 0; k < s.hidden; ++k)                                                            \
      _Pragma("unroll") for (int g = 0; g < count; ++g)                                           \
        sums[g] = FMA(K(h[k]), LOAD(r + (g * s.padded * s.hidden + k * 16)), sums[g]);            \
  }
CHAINS(1)
CHAINS(2)
CHAINS(3)
CHAINS(4)

static F argument(F r, global const float* w, global const float* bias, int at) {
  return ADD(ADD(LOAD(w + at), r), LOAD(bias + at));
}
static F sigmoid_gate(F x, float clip) { return p_sigmoid(bounded(x, -clip, clip)); }
static F tanh_gate(F x, float clip) { return p_tanh(bounded(x, -clip, clip)); }
static F peep(global const float* peepholes, int at, F cell, F x) {
  return peepholes ? FMA(LOAD(peepholes + at), cell, x) : x;
}

// A step: from h to `next`; `own` and `shared` are memory of the sample for one step or all.
typedef struct {
  global const float *w, *r, *bias, *peepholes;
  global float *h, *next, *own, *shared;
} Frame;

static void rnn_step(Shape s, Frame f, int variant, float clip) {
  for (int u = 0; u < s.padded; u += 16) {
    F r[1];
    chains_1(r, s, f.r + u * s.hidden, f.h);
    STORE(tanh_gate(argument(r[0], f.w, f.bias, u), clip), f.next + u);
  }
}

static void lstm_step(Shape s, Frame f, int variant, float clip) {
  const int n = s.padded;
  for (int u = 0; u < n; u += 16) {
    F r[4];
    chains_4(r, s, f.r + u * s.hidden, f.h);
    const F cell = LOAD(f.own + u);
    const F i = sigmoid_gate(peep(f.peepholes, u, cell, argument(r[0], f.w, f.bias, u)), clip);
    const F forget = variant ? SUB(K(1.0f), i)
                             : sigmoid_gate(peep(f.peepholes, 2 * n + u, cell,
                                                 argument(r[2], f.w, f.bias, 2 * n + u)), clip);
    const F fresh = MUL(i, tanh_gate(argument(r[3], f.w, f.bias, 3 * n + u), clip));
    const F after = FMA(forget, cell, fresh);
    const F o = sigmoid_gate(
        peep(f.peepholes, n + u, after, argument(r[1], f.w, f.bias, n + u)), clip);
    STORE(after, f.own + u);
    STORE(MUL(o, p_tanh(after)), f.next + u);
  }
}

static void gru_step(Shape s, Frame f, int variant, float clip) {
  const int n = s.padded;
  for (int u = 0; u < n; u += 16) {
    F r[2];
    chains_2(r, s, f.r + u * s.hidden, f.h);
    STORE(sigmoid_gate(argument(r[0], f.w, f.bias, u), clip), f.own + u);
    const F reset = sigmoid_gate(argument(r[1], f.w, f.bias, n + u), clip);
    STORE(variant ? reset : MUL(reset, LOAD(f.h + u)), f.shared + u);
  }
  SYNC
  for (int u = 0; u < n; u += 16) {
    const int at = 2 * n + u;
    F r[1];
    chains_1(r, s, f.r + at * s.hidden, variant ? f.h : f.shared);
    const F x = variant ? FMA(LOAD(f.shared + u), ADD(r[0], LOAD(f.bias + 6 * n + at)),
                              ADD(LOAD(f.w + at), LOAD(f.bias + 3 * n + at)))
                        : argument(r[0], f.w, f.bias, at);
    const F z = LOAD(f.own + u);
    STORE(FMA(z, LOAD(f.h + u), MUL(SUB(K(1.0f), z), tanh_gate(x, clip))), f.next + u);
  }
}

#define RECURRENT(cell, gates)                                                                    \
  kernel void cell(global const float* products, global const float* r, global const float* bias, \
                   global const float* peepholes, global const float* h0,                         \
                   global const float* c0, global const int* lengths, global float* y,            \
                   global float* y_h, global float* y_c, global float* state,                     \
                   global FaultCell* faults, int number, int8 shape, int variant, float clip) {   \
    const Shape s = {shape.s0, shape.s1, shape.s2, shape.s3, shape.s4, shape.s5, shape.s6,        \
                     shape.s7};                                                                   \
    const int sample = get_global_id(1), at = state_offset(s, sample);                            \
    int length = lengths ? lengths[sample] : s.steps;                                             \
    if (length < 0 || length > s.steps) {                                                         \
      report(faults, number, INDEX_OUT_OF_RANGE, length, s.steps);                                \
      length = 0;                                                                                 \
    }                                                                                             \
    global float* memory = state + sample * 4 * s.padded;                                         \
    Frame f = {0, r, bias, peepholes, memory, memory + s.padded, memory + 2 * s.padded,           \
               memory + 3 * s.padded};                                                            \
    load_state(s, h0 ? h0 + at : 0, f.h);                                                         \
    load_state(s, c0 ? c0 + at : 0, f.own);                                                       \
    SYNC                                                                                          \
    for (int i = 0; i < length; ++i) {                                                            \
      const int step = s.backwards ? length - 1 - i : i;                                          \
      const int row = s.batch_first ? sample * s.steps + step : step * s.batch + sample;          \
      f.w = products + row * gates * s.padded;                                                    \
      cell##_step(s, f, variant, clip);                                                           \
      SYNC                                                                                        \
      global float* old = f.h;                                                                    \
      f.h = f.next;                                                                               \
      f.next = old;                                                                               \
      if (y) store_state(s, f.h, y + y_offset(s, step, sample));                                  \
      END_SYNCED                                                                                  \
    }                                                                                             \
    for (int step = length; y && step < s.steps; ++step)                                          \
      for (int u = 0; u < s.hidden; u += 16)                                                      \
        store_some(K(0.0f), y + y_offset(s, step, sample) + u, s.hidden - u);                     \
    if (y_h) store_state(s, f.h, y_h + at);                                                       \
    if (y_c) store_state(s, f.own, y_c + at);                                                     \
  }
RECURRENT(rnn, 1)
RECURRENT(gru, 3)
RECURRENT(lstm, 4)
