// LayerNormalization, RMSNormalization, InstanceNormalization, GroupNormalization and
// BatchNormalization.
#include "ops/batch_normalization.h"
#include "ops/group_normalization.h"
#include "ops/layer_normalization.h"
#include "ops/opencl/grid.h"

#include <algorithm>

namespace engine::opencl {
namespace {

// The step of a parameter along rows of x [.., n]: 1 if it is a row, 0 if it is one value.
std::optional<cl_int> step_of(const Shape& parameter, const Shape& x, Index n) {
  if (product(parameter, 0, static_cast<Index>(parameter.size())) == 1) return 0;
  const auto given = std::ranges::find_if(parameter, [](Index extent) { return extent != 1; });
  const std::size_t skipped = static_cast<std::size_t>(given - parameter.begin());
  const std::size_t rank = parameter.size() - skipped;
  const Shape row(x.end() - static_cast<std::ptrdiff_t>(rank), x.end());
  const bool is_row =
      Shape(given, parameter.end()) == row && product(row, 0, static_cast<Index>(rank)) == n;
  return is_row ? std::optional<cl_int>(1) : std::nullopt;
}

bool all_float32(const Binding& binding) {
  const auto is_float32 = [](const auto& o) { return !o || o.dtype == DType::kFloat32; };
  return std::ranges::all_of(binding.in, is_float32) &&
         std::ranges::all_of(binding.out, is_float32);
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_layer_normalization(const Device& device,
                                                            const Binding& binding) {
  const auto& op = static_cast<const ops::LayerNormalization&>(binding.op);
  if (!all_float32(binding) || !binding.out[0]) return std::nullopt;
  const Shape& shape = binding.in[0].shape();
  const AxisView x = op.rows(shape);
  const bool has_bias = binding.in.size() > 2 && binding.in[2];
  const auto scale_step = step_of(binding.in[1].shape(), shape, x.n);
  const auto bias_step = has_bias ? step_of(binding.in[2].shape(), shape, x.n) : 0;
  if (!scale_step || !bias_step) return std::nullopt;
  const Index each = rows_each(device, x.n);
  Launch launch{"normalization",
                "normalize_rows",
                {In{0}, In{1}, input_or_none(binding, 2), Out{0}, output_or_none(binding, 1),
                 output_or_none(binding, 2), to_int(x.outer), to_int(x.n), to_int(each),
                 *scale_step, *bias_step, op.epsilon, cl_int{op.rms}}};
  set_grid(device, (x.outer + each - 1) / each, 1, launch);
  return DeviceKernel::Parts{op.rms ? "rms_norm" : "layer_norm", {std::move(launch)}, 0, 1u};
}

std::optional<DeviceKernel::Parts> bind_group_normalization(const Device& device,
                                                            const Binding& binding) {
  const auto& op = static_cast<const ops::GroupNormalization&>(binding.op);
  if (!all_float32(binding) || binding.out[0].size() == 0) return std::nullopt;
  const ops::GroupNormalization::View v = op.view(binding.in[0].shape());
  const Index each = rows_each(device, v.channels * v.positions);
  Launch launch{"normalization",
                "normalize_groups",
                {In{0}, In{1}, In{2}, Out{0}, to_int(v.rows), to_int(v.groups), to_int(v.channels),
                 to_int(v.positions), to_int(each), op.epsilon}};
  set_grid(device, (v.rows + each - 1) / each, 1, launch);
  return DeviceKernel::Parts{"group_norm", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_batch_normalization(const Device& device,
                                                            const Binding& binding) {
  const auto* op = dynamic_cast<const ops::BatchNormalization*>(&binding.op);
  if (!op || !all_float32(binding)) return std::nullopt;
  const AxisView x = ops::BatchNormalization::channels(binding.in[0].shape());
  const bool rows = x.inner == 1;
  Launch launch{"normalization",
                rows ? "batch_rows" : "batch_planes",
                {In{0}, In{1}, In{2}, In{3}, In{4}, Out{0}}};
  std::vector<Argument>& arguments = launch.arguments;
  if (rows) {
    const Index each = rows_each(device, numerics::kLanes);
    arguments.insert(arguments.end(), {to_int(x.outer), to_int(x.n), to_int(each), op->epsilon});
    set_grid(device, (x.outer + each - 1) / each, vectors_of(x.n), launch);
  } else {
    const Index vectors = vectors_of(x.inner), each = vectors_each(device, vectors);
    arguments.insert(arguments.end(), {to_int(x.n), to_int(x.inner), to_int(each), op->epsilon});
    set_grid(device, (vectors + each - 1) / each, x.outer * x.n, launch);
  }
  return DeviceKernel::Parts{"batch_norm", {std::move(launch)}, 0, 1u};
}

}  // namespace engine::opencl
