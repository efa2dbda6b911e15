// What the convolution kernels share: gathering panels of pixels, and the register tiles over them.
#pragma once

#include "ops/cpu/conv_panel.h"
#include "ops/cpu/kernel.h"
#include "ops/cpu/pack.h"
#include "ops/epilogue.h"

namespace engine::cpu {

/// A packed matrix [k, n] in foreign memory, as PackedMatrix lays it out.
struct FilterView {
  const float* data = nullptr;
  Index k = 0, n = 0;

  FilterView() = default;
  FilterView(const float* data, Index k, Index n) : data(data), k(k), n(n) {}
  explicit FilterView(const PackedMatrix& m) : data(m.block(0)), k(m.k), n(m.n) {}
  Index blocks() const noexcept { return PackedMatrix::blocks_of(n); }
  const float* block(Index j) const noexcept { return data + j * k * PackedMatrix::kBlock; }
};

/// Filters of one group over panels of pixels, for one image.
struct ConvArguments {
  FilterView w;           ///< [K, filters of the group]
  Index section;          ///< terms of a section of K
  const float* panel;     ///< [panels][K][columns]
  Index columns;          ///< of a full panel: a multiple of 16
  const float* bias;      ///< of the group's first filter, or null
  const float* residual;  ///< of the group's first output channel, or null
  float* y;               ///< the group's first output channel
  Index pixels;           ///< of a channel
  Index first_pixel, last_pixel;
  const ops::Epilogue* epilogue;
};

/// The functions for one instruction set.
struct ConvTiles {
  Index columns;  ///< of a panel
  /// Filters [first, last) over all panels; first is a multiple of 16.
  void (*filters)(const ConvArguments& c, Index first, Index last) noexcept;
  /// Gathers one panel: for each k in the order of the contract, `columns` pixels, +0 outside.
  void (*gather)(const PanelPlan& plan, const PanelRuns& runs, const float* x, float* to) noexcept;
};
ConvTiles conv_tiles(Isa isa);

/// Weights whose element (filter, channel, tap) lies at filter * filter_step + channel *
/// channel_step + taps[tap].
struct FilterLayout {
  const float* data;
  Index filter_step, channel_step;
  const Index* taps;
  Index channels, tap_count, filters;

  Index k() const noexcept { return channels * tap_count; }
};

/// Packs filters [16 j, 16 j + 16): row k is (block of 16 channels, tap, channel in block). `to`
/// has rows of 16.
void pack_filters(const FilterLayout& from, Index j, float* to) noexcept;

}  // namespace engine::cpu
