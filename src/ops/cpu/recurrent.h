// What the passes of the recurrent kernels share: packed weights and the frame of one task.
#pragma once

#include "ops/cpu/kernel.h"
#include "ops/recurrent.h"

#include <vector>

namespace engine::cpu {

/// Columns that a full panel holds: 8 vectors of 16.
inline constexpr Index kPanel = 128;

/// A matrix of weights transposed for chains: panel after panel of `kPanel` columns (the last is
/// narrower), each [depth, width], so that one load takes 16 outputs of one input. Columns are the
/// hidden units of gate after gate, every gate padded with zeros to a multiple of 16.
struct Panels {
  Index depth = 0, columns = 0;
  std::vector<float> data;
};

struct RecurrentDirection {
  Panels w, r, r_last;      ///< r_last: the hidden gate of a GRU without linear_before_reset
  std::vector<float> bias;  ///< wb + rb [columns]
  std::vector<float> bias_w, bias_r;  ///< of the hidden gate [padded]
  std::vector<float> peepholes;       ///< i o f [3 * padded], or empty
};

struct PackedRecurrent final : Packed {
  Index padded = 0;  ///< hidden units rounded up to 16
  std::vector<RecurrentDirection> directions;
};

inline constexpr Index kMostSamples = 4;  ///< samples that step together
inline constexpr Index kChunk = 16;       ///< steps whose products with w are made at once

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
constexpr Index recurrent_scratch(Index samples, Index columns, Index padded) {
  return samples * (kChunk * columns + columns + 3 * padded);
}

}  // namespace engine::cpu
