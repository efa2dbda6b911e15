// ConvTranspose on the CPU, 1 to 3 spatial axes, float32, as convolutions with stride 1. Output
// positions of an axis that are equal modulo its stride (a phase) meet the same taps of the kernel;
// phases that also read the same input positions share panels, and count as so many more filters.
// The tiles of Conv run over the panels, and what they give is spread over the output.
#include "ops/conv_transpose.h"

#include "ops/cpu/conv_tiles.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

namespace engine::cpu {
namespace {

using ops::ConvTranspose;

constexpr Index kMostPhases = 4096;

// Phases of one axis that read input positions j + base - tap * dilation, for j = 0, 1, ..
struct AxisClass {
  Index taps, base, dilation;
  struct Phase {
    Index first;      // output position of j = 0
    Index first_tap;  // of the kernel
  };
  std::vector<Phase> phases;
  Index tap_step;
};

std::vector<AxisClass> axis_classes(Index kernel, Index stride, Index dilation, Index pad) {
  const Index common = std::gcd(stride, dilation);
  const Index step = stride / common;  // taps of a phase are so far apart
  std::map<std::pair<Index, Index>, AxisClass> classes;
  for (Index p = 0; p < stride; ++p) {
    Index tap = 0;
    while (tap < std::min(step, kernel) && (p + pad - tap * dilation) % stride != 0) ++tap;
    const bool none = tap == std::min(step, kernel);
    const Index taps = none ? 0 : (kernel - tap + step - 1) / step;
    const Index base = none ? 0 : (p + pad - tap * dilation) / stride;
    AxisClass& c = classes[{taps, base}];
    c.taps = taps;
    c.base = base;
    c.dilation = dilation / common;
    c.tap_step = step;
    c.phases.push_back({p, tap});
  }
  std::vector<AxisClass> result;
  for (auto& [key, c] : classes) result.push_back(std::move(c));
  return result;
}

// Three axes, missing ones in front.
struct Geometry {
  Index kernel[3] = {1, 1, 1}, strides[3] = {1, 1, 1}, dilations[3] = {1, 1, 1},
        pads[3] = {0, 0, 0};
  std::vector<AxisClass> classes[3];

  bool fits() const {
    Index phases = 1;
    for (const Index stride : strides) {
      if (stride > kMostPhases) return false;
      phases *= stride;
    }
    return phases <= kMostPhases;
  }
  void classify() {
    for (int i = 0; i < 3; ++i)
      classes[i] = axis_classes(kernel[i], strides[i], dilations[i], pads[i]);
  }
  Index count() const {
    return std::ssize(classes[0]) * std::ssize(classes[1]) * std::ssize(classes[2]);
  }
  // The classes of the three axes that make class i.
  void of(Index i, const AxisClass* (&axes)[3]) const {
    for (int axis = 3; axis-- > 0;) {
      const Index own = std::ssize(classes[axis]);
      axes[axis] = &classes[axis][static_cast<std::size_t>(i % own)];
      i /= own;
    }
  }
};

// Offsets in the kernel of the taps of each phase of a class, row-major.
std::vector<std::vector<Index>> tap_offsets(const Geometry& g, const AxisClass* const (&axes)[3]) {
  std::vector<std::vector<Index>> result;
  for (const auto& a : axes[0]->phases)
    for (const auto& b : axes[1]->phases)
      for (const auto& c : axes[2]->phases) {
        std::vector<Index>& offsets = result.emplace_back();
        for (Index i = 0; i < axes[0]->taps; ++i)
          for (Index j = 0; j < axes[1]->taps; ++j)
            for (Index k = 0; k < axes[2]->taps; ++k)
              offsets.push_back(((a.first_tap + i * axes[0]->tap_step) * g.kernel[1] + b.first_tap +
                                 j * axes[1]->tap_step) *
                                    g.kernel[2] +
                                c.first_tap + k * axes[2]->tap_step);
      }
  return result;
}

// Packs one class of one group: [phases * filters / 16][K][16].
void pack_class(const float* w, Index channels, Index filters, Index kernel_size,
                const std::vector<std::vector<Index>>& offsets, Index first_row, Index last_row,
                float* to) noexcept {
  const Index taps = std::ssize(offsets[0]), rows = std::ssize(offsets) * filters;
  for (Index first = first_row; first < last_row; first += PackedMatrix::kBlock)
    for (Index block = 0; block < channels; block += numerics::kLanes)
      for (Index tap = 0; tap < taps; ++tap)
        for (Index c = block; c < std::min(block + numerics::kLanes, channels); ++c)
          for (Index row = first; row < first + PackedMatrix::kBlock; ++row, ++to) {
            if (row >= rows) *to = 0.0f;
            else
              *to = w[(c * filters + row % filters) * kernel_size +
                      offsets[static_cast<std::size_t>(row / filters)]
                             [static_cast<std::size_t>(tap)]];
          }
}

struct PackedTranspose final : Packed {
  std::vector<PackedMatrix> matrices;  // [class][group]
};

class ConvTransposeKernel final : public Kernel {
 public:
  ConvTransposeKernel(const ConvTranspose& op, const PackedTranspose* packed, Geometry geometry,
                      const Binding& binding, const ops::Windows& windows, Isa isa)
      : packed_(packed), isa_(isa), tiles_(conv_tiles(isa)), geometry_(std::move(geometry)) {
    const Shape &x = binding.in[0].shape(), &w = binding.in[1].shape();
    batch_ = x[0];
    group_ = op.group;
    channels_ = x[1] / group_;
    filters_ = w[1];
    kernel_size_ = windows.kernel_size();
    has_bias_ = binding.in.size() > 2 && binding.in[2];
    const std::size_t missing = 3 - windows.input.size();
    for (std::size_t i = 0; i < windows.input.size(); ++i) {
      input_[missing + i] = windows.input[i];
      output_[missing + i] = windows.output[i];
    }
    Index weights = 0;
    for (Index i = 0; i < geometry_.count(); ++i) {
      Class& c = classes_.emplace_back();
      geometry_.of(i, c.axes);
      c.offsets = tap_offsets(geometry_, c.axes);
      c.rows = std::ssize(c.offsets) * filters_;
      set_plan(c);
      c.weights = weights;
      weights += group_ * group_floats(c);
      for (Index first = 0; first < c.plan.panels(); first += c.panels)
        units_.push_back({i, first});
      panel_floats_ = std::max(panel_floats_, c.plan.floats() * c.panels);
      tile_floats_ = std::max(tile_floats_, PackedMatrix::kBlock * c.plan.columns * c.panels);
      run_bytes_ = std::max(run_bytes_, c.plan.runs_bytes());
    }
    weight_floats_ = packed_ ? 0 : weights;
  }

  Fault run(const Call& call) const noexcept override {
    if (!packed_) pack_weights(call);
    const Index units = std::ssize(units_), tasks = batch_ * group_ * units;
    const Index pieces = std::min<Index>(tasks, call.pool.concurrency());
    call.pool.parallel(pieces, [&](Index piece) {
      std::byte* scratch = call.scratch + static_cast<std::size_t>(weight_floats_) * sizeof(float) +
                           static_cast<std::size_t>(piece) * piece_bytes();
      for (Index t = tasks * piece / pieces; t < tasks * (piece + 1) / pieces; ++t)
        run_unit(call, t / units, units_[static_cast<std::size_t>(t % units)], scratch);
    });
    return ops::kNoFault;
  }

  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(weight_floats_) * sizeof(float) +
           static_cast<std::size_t>(threads) * piece_bytes();
  }
  std::string name() const override { return kernel_name("conv_transpose", isa_); }

 private:
  struct Class {
    const AxisClass* axes[3];
    std::vector<std::vector<Index>> offsets;  // [phases][taps]
    Index rows = 0;                           // phases * filters
    PanelPlan plan;
    Index panels = 1;   // at a time
    Index weights = 0;  // where they begin in scratch
  };
  struct Unit {
    Index index, first_panel;
  };

  // The class as a convolution with stride 1 that runs over the kernel backwards.
  void set_plan(Class& c) const {
    PanelPlan& p = c.plan;
    p.channels = channels_;
    p.taps = p.image = p.pixels = 1;
    p.columns = tiles_.columns;
    for (int i = 0; i < 3; ++i) {
      const AxisClass& axis = *c.axes[i];
      const Index stride = geometry_.strides[i], first = axis.phases.front().first;
      p.input[i] = input_[i];
      p.kernel[i] = axis.taps;
      p.strides[i] = 1;
      p.dilations[i] = -axis.dilation;
      p.pads[i] = -axis.base;
      p.output[i] = first < output_[i] ? (output_[i] - first + stride - 1) / stride : 0;
      p.taps *= axis.taps;
      p.image *= input_[i];
      p.pixels *= p.output[i];
    }
    constexpr Index kPanelBudget = Index{1} << 17;
    const Index per_panel = p.floats() + PackedMatrix::kBlock * p.columns;
    c.panels = std::clamp<Index>(kPanelBudget / per_panel, 1, std::max<Index>(1, p.panels()));
  }

  Index group_floats(const Class& c) const noexcept {
    return PackedMatrix::blocks_of(c.rows) * PackedMatrix::kBlock * channels_ * c.plan.taps;
  }
  std::size_t piece_bytes() const noexcept {
    const std::size_t floats = static_cast<std::size_t>(panel_floats_ + tile_floats_);
    return whole_lines(floats * sizeof(float) + run_bytes_);
  }

  void pack_weights(const Call& call) const noexcept {
    const float* w = static_cast<const float*>(call.in[1]);
    float* scratch = reinterpret_cast<float*>(call.scratch);
    for (const Class& c : classes_) {
      const Index blocks = PackedMatrix::blocks_of(c.rows), floats = group_floats(c);
      if (floats == 0) continue;
      call.pool.ranges(group_ * blocks, 1, [&](Index first, Index last) {
        for (Index i = first; i < last; ++i) {
          const Index row = i % blocks * PackedMatrix::kBlock;
          pack_class(w + i / blocks * channels_ * filters_ * kernel_size_, channels_, filters_,
                     kernel_size_, c.offsets, row, row + 1,
                     scratch + c.weights + i * (floats / blocks));
        }
      });
    }
  }

  void run_unit(const Call& call, Index image_group, const Unit& unit,
                std::byte* scratch) const noexcept {
    const Class& c = classes_[static_cast<std::size_t>(unit.index)];
    const PanelPlan& plan = c.plan;
    const Index group = image_group % group_, k = channels_ * plan.taps;
    float* panels = reinterpret_cast<float*>(scratch);
    float* tile = panels + panel_floats_;
    std::byte* run_memory = reinterpret_cast<std::byte*>(tile + tile_floats_);
    const float* x = static_cast<const float*>(call.in[0]) + image_group * channels_ * plan.image;
    const Index last_panel = std::min(unit.first_panel + c.panels, plan.panels());
    for (Index p = unit.first_panel; p < last_panel; ++p) {
      const PanelRuns runs(plan, p, run_memory);
      tiles_.gather(plan, runs, x, panels + (p - unit.first_panel) * plan.floats());
    }
    const FilterView w =
        packed_
            ? FilterView(packed_->matrices[static_cast<std::size_t>(unit.index * group_ + group)])
            : FilterView(reinterpret_cast<const float*>(call.scratch) + c.weights +
                             group * group_floats(c),
                         k, c.rows);
    const Index first_pixel = unit.first_panel * plan.columns;
    const Index pixels = std::min(last_panel * plan.columns, plan.pixels) - first_pixel;
    static const ops::Epilogue kPlain;
    float bias[PackedMatrix::kBlock] = {};
    ConvArguments a{};
    a.section = numerics::section_channels(kernel_size_) * plan.taps;
    a.panel = panels;
    a.columns = plan.columns;
    a.y = tile;
    a.pixels = a.last_pixel = pixels;
    a.epilogue = &kPlain;
    a.bias = has_bias_ ? bias : nullptr;
    for (Index j = 0; j < w.blocks(); ++j) {
      const Index first = j * PackedMatrix::kBlock;
      const Index rows = std::min(PackedMatrix::kBlock, c.rows - first);
      if (has_bias_)
        for (Index r = 0; r < rows; ++r)
          bias[r] =
              static_cast<const float*>(call.in[2])[group * filters_ + (first + r) % filters_];
      a.w = FilterView(w.block(j), k, rows);
      tiles_.filters(a, 0, rows);
      for (Index r = 0; r < rows; ++r)
        spread(c, first + r, first_pixel, pixels, tile + r * pixels,
               static_cast<float*>(call.out[0]) + image_group * filters_ * positions());
    }
  }

  Index positions() const noexcept { return output_[0] * output_[1] * output_[2]; }

  // Row `row` of a class, `count` pixels from `first` on, to the channels of the group.
  void spread(const Class& c, Index row, Index first, Index count, const float* from,
              float* y) const noexcept {
    const Index n1 = std::ssize(c.axes[1]->phases), n2 = std::ssize(c.axes[2]->phases);
    const Index phase = row / filters_;
    const Index start[3] = {c.axes[0]->phases[static_cast<std::size_t>(phase / (n1 * n2))].first,
                            c.axes[1]->phases[static_cast<std::size_t>(phase / n2 % n1)].first,
                            c.axes[2]->phases[static_cast<std::size_t>(phase % n2)].first};
    const Index width = c.plan.output[2], step = geometry_.strides[2];
    y += row % filters_ * positions();
    for (Index pixel = first, end = first + count; pixel < end;) {
      const Index line = pixel / width, column = pixel - line * width;
      const Index length = std::min(width - column, end - pixel);
      const Index d = start[0] + line / c.plan.output[1] * geometry_.strides[0];
      const Index h = start[1] + line % c.plan.output[1] * geometry_.strides[1];
      const Index at = start[2] + column * step;
      if (d < output_[0] && h < output_[1] && at < output_[2]) {
        const Index valid = std::min(length, (output_[2] - at + step - 1) / step);
        float* to = y + (d * output_[1] + h) * output_[2] + at;
        if (step == 1) std::copy(from, from + valid, to);
        else if (step == 2)
          for (Index i = 0; i < valid; ++i) to[2 * i] = from[i];
        else
          for (Index i = 0; i < valid; ++i) to[step * i] = from[i];
      }
      from += length;
      pixel += length;
    }
  }

  const PackedTranspose* packed_;
  Isa isa_;
  ConvTiles tiles_;
  Geometry geometry_;
  Index batch_ = 0, group_ = 1, channels_ = 0, filters_ = 0, kernel_size_ = 1;
  bool has_bias_ = false;
  Index input_[3] = {1, 1, 1}, output_[3] = {1, 1, 1};
  std::vector<Class> classes_;
  std::vector<Unit> units_;
  Index panel_floats_ = 0, tile_floats_ = 0, weight_floats_ = 0;
  std::size_t run_bytes_ = 0;
};

// All but the pads, which may depend on the input.
Geometry geometry_of(const ConvTranspose& op, const Shape& w) {
  Geometry g;
  const std::size_t axes = w.size() - 2, missing = 3 - axes;
  for (std::size_t i = 0; i < axes; ++i) {
    g.kernel[missing + i] = w[2 + i];
    if (!op.spatial.strides.empty()) g.strides[missing + i] = op.spatial.strides[i];
    if (!op.spatial.dilations.empty()) g.dilations[missing + i] = op.spatial.dilations[i];
  }
  return g;
}

bool has_kernel(const ConvTranspose& op, const Shape& w) {
  return w.size() >= 3 && w.size() <= 5 && w[1] > 0 && geometry_of(op, w).fits();
}

}  // namespace

// Pads that depend on the input's extents leave the weights to be packed in each run.
std::shared_ptr<const Packed> pack_conv_transpose(const ops::Operator& any,
                                                  const ops::Operands& in) {
  const auto& op = static_cast<const ConvTranspose&>(any);
  const Tensor* w = in[1].value;
  if (!w || w->dtype() != DType::kFloat32 || w->size() == 0 || !has_kernel(op, w->shape()))
    return nullptr;
  const ops::AutoPad pad = op.spatial.auto_pad;
  if (!op.output_shape.empty() || pad == ops::AutoPad::kSameUpper ||
      pad == ops::AutoPad::kSameLower)
    return nullptr;
  Geometry g = geometry_of(op, w->shape());
  const std::size_t axes = w->shape().size() - 2;
  if (pad == ops::AutoPad::kNotSet && !op.spatial.pads_begin.empty())
    for (std::size_t i = 0; i < axes; ++i) g.pads[3 - axes + i] = op.spatial.pads_begin[i];
  g.classify();
  auto packed = std::make_shared<PackedTranspose>();
  packed->consumed_inputs = 1u << 1;
  const Index channels = w->shape()[0] / op.group, filters = w->shape()[1];
  const Index kernel_size = g.kernel[0] * g.kernel[1] * g.kernel[2];
  for (Index i = 0; i < g.count(); ++i) {
    const AxisClass* own[3];
    g.of(i, own);
    const auto offsets = tap_offsets(g, own);
    const Index rows = std::ssize(offsets) * filters;
    for (Index group = 0; group < op.group; ++group) {
      PackedMatrix& to = packed->matrices.emplace_back(channels * std::ssize(offsets[0]), rows);
      pack_class(w->values<float>().data() + group * channels * filters * kernel_size, channels,
                 filters, kernel_size, offsets, 0, rows, to.block(0));
    }
  }
  return packed;
}

std::unique_ptr<Kernel> bind_conv_transpose(const Binding& binding, Isa isa) {
  const auto& op = static_cast<const ConvTranspose&>(binding.op);
  const Shape& w = binding.in[1].shape();
  if (binding.in[0].dtype != DType::kFloat32 || !has_kernel(op, w)) return nullptr;
  const ops::Windows windows =
      op.windows(ops::spatial_part(binding.in[0].shape()), ops::spatial_part(w));
  Geometry g = geometry_of(op, w);
  const std::size_t axes = w.size() - 2;
  for (std::size_t i = 0; i < axes; ++i) g.pads[3 - axes + i] = windows.pads_begin[i];
  g.classify();
  return std::make_unique<ConvTransposeKernel>(
      op, static_cast<const PackedTranspose*>(binding.packed), std::move(g), binding, windows, isa);
}

}  // namespace engine::cpu
