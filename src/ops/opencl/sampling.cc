// Resize and GridSample.
#include "ops/grid_sample.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/number_kernels.h"
#include "ops/resize.h"
#include "ops/spatial.h"

#include <limits>

namespace engine::opencl {
namespace {

constexpr Index kEach = 64;  // elements of a work-item of a CPU
constexpr std::size_t kMostResized = 3;

// Axes of a Resize, kept ones and resized ones in turns, as kernels/sampling.cl has them.
struct ResizePlan {
  Ints extents, strides{}, tables{};
  std::vector<cl_int> index;
  std::vector<float> weight;
  std::size_t resized = 0;

  ResizePlan() { extents.fill(1); }

  void keep(Index extent, Index stride) {
    const std::size_t at = 2 * resized;
    // Neighbours that are kept lie one in the other.
    extents[at] = to_int(extents[at] * extent);
    strides[at] = to_int(stride);
  }
  void resize(const ops::ResizeTable& table, Index extent, Index stride) {
    extents[2 * resized + 1] = to_int(extent);
    strides[2 * resized + 1] = to_int(stride);
    add(table);
  }
  void add(const ops::ResizeTable& table) {
    tables[resized] = to_int(table.taps);
    tables[kMostResized + resized] = to_int(static_cast<Index>(index.size()));
    for (std::size_t i = 0; i < table.index.size(); ++i) {
      const std::size_t position = i / static_cast<std::size_t>(table.taps);
      const bool outside = !table.outside.empty() && table.outside[position];
      index.push_back(outside ? -1 : to_int(table.index[i]));
      weight.push_back(table.weight.empty() ? 1.0f : static_cast<float>(table.weight[i]));
    }
    ++resized;
  }
  bool any_outside() const {
    return std::ranges::any_of(index, [](cl_int i) { return i < 0; });
  }
};

// Nothing if more axes change than kernels take.
std::optional<ResizePlan> plan_resize(const ops::Resize& op, const Binding& binding) {
  const std::vector<ops::ResizeAxis> axes = op.resolve(binding.in);
  const Shape strides = strides_of(binding.in[0].shape());
  ResizePlan plan;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].output != binding.out[0].shape()[i]) return std::nullopt;  // which is a fault
    if (axes[i].identity) {
      plan.keep(axes[i].output, strides[i]);
      continue;
    }
    if (plan.resized == kMostResized) return std::nullopt;
    plan.resize(op.table(axes[i]), axes[i].output, strides[i]);
  }
  const ops::ResizeTable none{.taps = 1, .index = {0}, .weight = {}, .outside = {}};
  while (plan.resized < kMostResized) plan.add(none);
  return plan;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_resize(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Resize&>(binding.op);
  const ops::Input& x = binding.in[0];
  for (std::size_t i = 1; i < binding.in.size(); ++i)
    if (binding.in[i] && binding.in[i].size() > 0 && !binding.in[i].data) return std::nullopt;
  if (binding.out[0].size() == 0) return std::nullopt;
  const bool is_float32 = x.dtype == DType::kFloat32;
  const bool moves = op.mode == ops::ResizeMode::kNearest;
  const char* kernel = moves        ? kernel_of_size(x.dtype, ENGINE_SIZES("nearest"))
                       : is_float32 ? "interpolate"
                                    : nullptr;
  if (!kernel) return std::nullopt;
  const std::optional<ResizePlan> plan = plan_resize(op, binding);
  // What lies outside has a value, for which plain elements have no kernel.
  if (!plan || (moves && plan->any_outside() && !is_float32)) return std::nullopt;
  const bool interpolates = !moves || plan->any_outside();
  DeviceKernel::Parts parts{"resize", {}};
  parts.tables.push_back(
      device.upload(plan->index.data(), plan->index.size() * sizeof(plan->index[0])));
  Launch launch{"sampling", interpolates ? "interpolate" : kernel, {In{0}, parts.tables[0].get()}};
  if (interpolates) {
    parts.tables.push_back(
        device.upload(plan->weight.data(), plan->weight.size() * sizeof(plan->weight[0])));
    launch.arguments.push_back(parts.tables[1].get());
  }
  launch.arguments.insert(launch.arguments.end(),
                          {Out{0}, plan->extents, plan->strides, plan->tables});
  if (interpolates) launch.arguments.push_back(op.extrapolation_value);
  set_elements(device, binding.out[0].size(), launch, kEach);
  parts.launches.push_back(std::move(launch));
  return parts;
}

std::optional<DeviceKernel::Parts> bind_grid_sample(const Device& device, const Binding& binding) {
  constexpr Index kMostPixels = Index{1} << 20;  // of an axis: reflections are exact in float32
  const auto& op = static_cast<const ops::GridSample&>(binding.op);
  const Shape spatial = ops::spatial_part(binding.in[0].shape());
  const bool small = std::ranges::all_of(spatial, [](Index n) { return n <= kMostPixels; });
  if (binding.in[0].dtype != DType::kFloat32 || binding.in[1].dtype != DType::kFloat32 ||
      spatial.size() > 3 || !small)
    return std::nullopt;
  Ints shape = {1, 1, 1};
  for (std::size_t i = 0; i < spatial.size(); ++i)
    shape[3 - spatial.size() + i] = to_int(spatial[i]);
  const Shape& y = binding.out[0].shape();
  shape[3] = to_int(y[1]);
  shape[4] = to_int(product(y, 2, static_cast<Index>(y.size())));
  shape[5] = to_int(static_cast<Index>(spatial.size()));
  Launch launch{
      "sampling",
      "grid_sample",
      {In{0}, In{1}, Out{0}, shape,
       Ints{to_int(op.order), static_cast<cl_int>(op.padding), cl_int{op.align_corners}}}};
  set_elements(device, binding.out[0].size(), launch, kEach);
  return DeviceKernel::Parts{"grid_sample", {std::move(launch)}};
}

}  // namespace engine::opencl
