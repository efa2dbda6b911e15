// Losses over classes (ops/loss.h), x [n, classes, inner] and labels [n, inner].
#include "ops/opencl/kernels/common.cl"
#include "numerics/elementary_coefficients.h"
#include "numerics/elementary.inc"

#if LANES == 16
static float exp_of(float v) { return p_exp(K(v)).s0; }
static float log_of(float v) { return p_log(K(v)).s0; }
#else
static float exp_of(float v) { return p_exp(v); }
static float log_of(float v) { return p_log(v); }
#endif

// Per label the loss in `values` and, unless null, its weight and all logarithms of probabilities.
//   how   1 with softmax, 2 labels are int64, 4 the label `ignored` has no loss
kernel void loss_values(global const float* x, global const int* labels,
                        global const float* weights, global float* values, global float* shares,
                        global float* log_prob, global FaultCell* faults, int step, int classes,
                        int inner, int how, int ignored, int elements, int each) {
  EACH_ELEMENT(i) {
    const int base = i / inner * classes * inner + i % inner;
    float top = 0, log_sum = 0;
    if (how & 1 && classes > 0) {
      top = x[base];
      for (int c = 1; c < classes; ++c) {
        const float v = x[base + c * inner];
        top = v > top || v != v ? v : top;
      }
      float sum = 0;
      for (int c = 0; c < classes; ++c) sum += exp_of(x[base + c * inner] - top);
      log_sum = log_of(sum);
    }
    for (int c = 0; log_prob && c < classes; ++c)
      log_prob[base + c * inner] = x[base + c * inner] - top - log_sum;
    const long label = how & 2 ? ((global const long*)labels)[i] : (long)labels[i];
    const int left_out = how & 4 && label == ignored;
    if (!left_out && (label < 0 || label >= classes)) {
      report(faults, step, INDEX_OUT_OF_RANGE, label, classes);
      continue;
    }
    const float weight = left_out ? 0.0f : weights ? weights[label] : 1.0f;
    const float value = left_out ? 0.0f : x[base + (int)label * inner] - top - log_sum;
    values[i] = shares ? value : left_out ? 0.0f : -value * weight;
    if (shares) shares[i] = weight;
  }
}

// One chain over all labels, and with `mean` the quotient by the weights' own chain.
kernel void loss_total(global const float* values, global const float* shares, global float* y,
                       int labels, int mean) {
  if (get_global_id(0) != 0) return;
  float sum = 0, weight_sum = 0;
  for (int i = 0; i < labels; ++i) {
    sum = fma(-values[i], shares[i], sum);
    weight_sum += shares[i];
  }
  *y = mean ? sum / weight_sum : sum;
}
