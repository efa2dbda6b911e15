// Stretches: consecutive steps that run on a few samples of the batch at a time.
//
// A step over a whole batch writes a tensor that has left the cache before the next step reads it.
// Where both work sample by sample they may run on a piece of the batch instead, one after the
// other, and then on the next piece. Bits do not depend on it (numerics/contract.h).
#pragma once

#include <cstddef>
#include <vector>

namespace engine::graph {

/// What a step touches.
struct StepTraffic {
  bool by_sample = false;   ///< sample i of what it writes depends on sample i of what it reads
  std::size_t samples = 0;  ///< the batch
  std::size_t sample = 0;   ///< bytes read and written for each sample
  std::size_t shared = 0;   ///< bytes read whatever the number of samples: weights
  /// The last step that makes what this one reads as a whole, whichever the sample; none: -1. Both
  /// cannot lie in one stretch.
  std::ptrdiff_t whole = -1;
  bool is_view = false;  ///< touches nothing
};

/// Steps [first, last] run on `piece` samples at a time; the last piece may be shorter.
struct Stretch {
  std::size_t first = 0, last = 0;
  std::size_t samples = 0, piece = 0;

  std::size_t pieces() const noexcept { return (samples + piece - 1) / piece; }
};

/// Stretches worth having when `near` bytes are kept close to the processor, in order. No step of
/// one reads more weights for a piece than it moves samples.
std::vector<Stretch> choose_stretches(const std::vector<StepTraffic>& steps, std::size_t near);

}  // namespace engine::graph
