#include "ops/cpu/conv_panel.h"

#include "base/aligned.h"

#include <algorithm>

namespace engine::cpu {
namespace {

// Output columns [first, last) of a row whose input column o * stride + offset lies in [0, extent).
void clip(Index offset, Index stride, Index extent, Index& first, Index& last) {
  if (offset < 0) first = std::max(first, (-offset + stride - 1) / stride);
  const Index room = extent - 1 - offset;  // o * stride <= room
  last = std::min(last, room < 0 ? first : room / stride + 1);
}

}  // namespace

PanelPlan::PanelPlan(const ops::Windows& w, Index input_channels, Index panel_columns)
    : channels(input_channels),
      taps(w.kernel_size()),
      columns(panel_columns),
      image(w.input_size()),
      pixels(w.output_size()) {
  const Index missing = 3 - w.rank();
  for (Index axis = 0; axis < 3; ++axis) {
    const bool real = axis >= missing;
    const std::size_t i = static_cast<std::size_t>(real ? axis - missing : 0);
    input[axis] = real ? w.input[i] : 1;
    kernel[axis] = real ? w.kernel[i] : 1;
    strides[axis] = real ? w.strides[i] : 1;
    dilations[axis] = real ? w.dilations[i] : 1;
    pads[axis] = real ? w.pads_begin[i] : 0;
    output[axis] = real ? w.output[i] : 1;
  }
  step = strides[2];
}

// A panel meets at most as many output rows as it has columns, and adds one run for each.
std::size_t PanelPlan::runs_bytes() const {
  const Index rows = std::min(columns, columns / std::max<Index>(1, output[2]) + 2);
  const std::size_t runs = static_cast<std::size_t>(rows * taps) * sizeof(PanelRun);
  const std::size_t starts = static_cast<std::size_t>(taps + 1) * sizeof(std::int32_t);
  return whole_lines(starts) + whole_lines(static_cast<std::size_t>(taps)) + whole_lines(runs);
}

PanelRuns::PanelRuns(const PanelPlan& plan, Index panel, std::byte* memory) noexcept {
  const std::size_t taps = static_cast<std::size_t>(plan.taps);
  starts_ = reinterpret_cast<std::int32_t*>(memory);
  memory += whole_lines((taps + 1) * sizeof(std::int32_t));
  covers_ = reinterpret_cast<bool*>(memory);
  memory += whole_lines(taps);
  runs_ = reinterpret_cast<PanelRun*>(memory);
  const Index first = panel * plan.columns;
  const Index last = std::min(first + plan.columns, plan.pixels);
  Index tap = 0;
  for (Index d = 0; d < plan.kernel[0]; ++d)
    for (Index h = 0; h < plan.kernel[1]; ++h)
      for (Index w = 0; w < plan.kernel[2]; ++w, ++tap) {
        starts_[tap] = count_;
        add_tap(plan, first, last, {d, h, w});
        Index covered = 0;
        for (std::int32_t i = starts_[tap]; i < count_; ++i) covered += runs_[i].count;
        covers_[tap] = covered == plan.columns;
      }
  starts_[tap] = count_;
}

void PanelRuns::add_tap(const PanelPlan& p, Index first, Index last,
                        const Index (&tap)[3]) noexcept {
  const Index width = p.output[2];
  for (Index pixel = first; pixel < last;) {
    const Index row = pixel / width;
    const Index row_end = std::min(last, (row + 1) * width);
    const Index d = row / p.output[1] * p.strides[0] - p.pads[0] + tap[0] * p.dilations[0];
    const Index h = row % p.output[1] * p.strides[1] - p.pads[1] + tap[1] * p.dilations[1];
    if (d >= 0 && d < p.input[0] && h >= 0 && h < p.input[1]) {
      const Index offset = tap[2] * p.dilations[2] - p.pads[2];
      Index from = pixel - row * width, to = row_end - row * width;
      clip(offset, p.step, p.input[2], from, to);
      if (from < to)
        runs_[count_++] = {static_cast<std::int32_t>(row * width + from - first),
                           static_cast<std::int32_t>(to - from),
                           (d * p.input[1] + h) * p.input[2] + from * p.step + offset};
    }
    pixel = row_end;
  }
}

}  // namespace engine::cpu
