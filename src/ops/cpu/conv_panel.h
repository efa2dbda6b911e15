// Which input pixels a panel of output pixels reads, for each tap of the kernel.
#pragma once

#include "numerics/contract.h"
#include "ops/spatial.h"

#include <cstddef>
#include <cstdint>

namespace engine::cpu {

/// The output pixels of a channel, cut in panels of `columns`. Spatial axes are brought to three.
struct PanelPlan {
  Index channels = 0, taps = 0;
  Index columns = 0;  ///< pixels of a panel, a multiple of 16
  Index image = 0;    ///< input pixels of a channel
  Index pixels = 0;   ///< output pixels of a channel
  Index step = 1;     ///< input pixels between neighbours of an output row
  Index input[3], kernel[3], strides[3], dilations[3], pads[3], output[3];

  PanelPlan() = default;
  PanelPlan(const ops::Windows& windows, Index input_channels, Index panel_columns);

  Index panels() const { return (pixels + columns - 1) / columns; }
  /// Floats of one gathered panel.
  Index floats() const { return channels * taps * columns; }
  /// Bytes of scratch that PanelRuns needs.
  std::size_t runs_bytes() const;
};

/// `count` pixels from input offset `from` (in a channel) to panel column `to`.
struct PanelRun {
  std::int32_t to, count;
  Index from;
};

/// The runs of one panel, tap by tap; columns that no run covers are padding (or behind the end).
class PanelRuns {
 public:
  /// `memory` holds plan.runs_bytes() bytes and outlives this.
  PanelRuns(const PanelPlan& plan, Index panel, std::byte* memory) noexcept;
  const PanelRun* of_tap(Index tap) const noexcept { return runs_ + starts_[tap]; }
  /// Whether the tap's runs cover all columns, so that nothing need be zeroed.
  bool covers(Index tap) const noexcept { return covers_[tap]; }

 private:
  void add_tap(const PanelPlan& plan, Index first, Index last, const Index (&tap)[3]) noexcept;

  std::int32_t* starts_;
  bool* covers_;
  PanelRun* runs_;
  std::int32_t count_ = 0;
};

}  // namespace engine::cpu
