// What the passes of the recurrent kernels share: packed weights and the frame of one task.
#pragma once

#include "ops/cpu/kernel.h"
#include "ops/cpu/pack.h"
#include "ops/recurrent.h"

#include <vector>

namespace engine::cpu {

struct RecurrentDirection {
  /// Columns are the hidden units of gate after gate, every gate padded with zeros to a multiple of
  /// 16. r_last: the hidden gate of a GRU without linear_before_reset.
  PackedMatrix w, r, r_last;
  std::vector<float> bias;            ///< wb + rb [columns]
  std::vector<float> bias_w, bias_r;  ///< of the hidden gate [padded]
  std::vector<float> peepholes;       ///< i o f [3 * padded], or empty
};

struct PackedRecurrent final : Packed {
  Index padded = 0;  ///< hidden units rounded up to 16
  std::vector<RecurrentDirection> directions;
};

inline constexpr Index kMostSamples = 8;  ///< that step together
inline constexpr Index kChunkRows = 16;   ///< steps times samples with products of w made at once

/// One direction of up to kMostSamples neighbouring samples.
struct RecurrentTask {
  const ops::Recurrent* op;
  const ops::RecurrentView* view;
  const RecurrentDirection* weights;
  Index padded, direction, first, samples;
  const float *x, *h0, *c0;     ///< h0, c0 may be null
  float *y, *y_h, *y_c;         ///< each may be null
  const std::int32_t* lengths;  ///< or null
  float* scratch;               ///< recurrent_scratch floats
  bool usual;                   ///< default functions, no clip
};

/// Floats of scratch for one task.
constexpr Index recurrent_scratch(Index inputs, Index columns, Index padded) {
  return kChunkRows * (columns + inputs) + kMostSamples * (columns + 3 * padded);
}

}  // namespace engine::cpu
