// The register tile of blocked convolutions, and of the products of Winograd's form.
#pragma once

#include "base/cpu_features.h"
#include "ops/epilogue.h"

#include <engine/types.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace engine::cpu {

/// Terms of a sum whose elements of X follow one another.
struct ConvRun {
  Index offset, count;  ///< floats from the window's first element
};

/// A tile fetches the pixels of the run after next; those of its last runs are the next tile's.
inline constexpr std::size_t kRunsAhead = 2;

/// Appends the first runs once more, for tiles to look ahead.
inline void repeat_first(std::vector<ConvRun>& runs) {
  const std::size_t count = runs.size();
  for (std::size_t i = 0; i < kRunsAhead; ++i) runs.push_back(runs[i % count]);
}

/// What follows a sum, bias and residual: bounds, which registers take without delay, or else any
/// activation. An infinite bound changes nothing, NaN included.
struct ConvFinish {
  bool has_low = false, has_high = false, is_other = false;
  float low = -std::numeric_limits<float>::infinity();  ///< x < low ? low : x, then
  float high = std::numeric_limits<float>::infinity();  ///< high < x ? high : x
  const ops::Epilogue* epilogue = nullptr;

  ConvFinish() = default;
  explicit ConvFinish(const ops::Epilogue& e) : epilogue(&e) {
    using numerics::Activation;
    has_low = e.activation == Activation::kRelu || e.activation == Activation::kClip;
    has_high = e.activation == Activation::kClip;
    if (has_low) low = has_high ? e.a : 0.0f;
    if (has_high) high = e.b;
    is_other = !has_low && e.activation != Activation::kIdentity;
  }
};

/// One tile. Strides are in floats.
struct ConvTileArguments {
  const float* x;  ///< the first element of the first pixel's window
  Index x_pixel, x_row;
  const float* x_next;             ///< `x` of the next tile, which is fetched
  const ConvRun *runs, *runs_end;  ///< with kRunsAhead more behind the end
  const Index* section_ends;       ///< runs up to the end of each section of the sum
  const float* w;
  Index w_block;
  bool has_bias, has_residual;
  const float* bias;  ///< of the first filter, in whole vectors
  float* y;
  Index y_pixel, y_row, y_block;
  const float* residual;
  Index residual_pixel, residual_row, residual_block;
  Index lanes;  ///< that a pixel has in memory: what follows its channels there holds anything
  const std::byte* ahead;
  Index ahead_step;  ///< bytes to prefetch for each k, from `ahead` on
  bool fetches_y;    ///< whether y is prefetched before the sums
  ConvFinish finish;
};
using ConvTileFunction = void (*)(const ConvTileArguments&) noexcept;

inline constexpr Index kMostTileBlocks = 3;  ///< of any instruction set

/// The largest tile of an instruction set, in pixels and in blocks of filters, for a layer with
/// `blocks` of these.
struct ConvTileLimits {
  Index pixels, blocks;
};
ConvTileLimits conv_tile_limits(Isa isa, Index blocks);

/// The tile of `rows` (1 or 2) times `width` pixels and `blocks` of filters.
ConvTileFunction conv_tile_function(Isa isa, Index rows, Index width, Index blocks);

}  // namespace engine::cpu
