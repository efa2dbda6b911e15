// Trilu, Pad, ReverseSequence, GatherElements, ScatterElements.
#include "ops/along_axis.h"
#include "ops/gather_elements.h"
#include "ops/opencl/elementwise.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/moving.h"
#include "ops/opencl/number_kernels.h"
#include "ops/pad.h"
#include "ops/reverse_sequence.h"
#include "ops/scatter.h"
#include "ops/trilu.h"

namespace engine::opencl {
namespace {

// The walk over indices: steps in data, then in the indices.
ops::LoopAxes<3> walk_of(const ops::AlongAxis& along, const Shape& indices) {
  const Small<Index> at = ops::loop_strides(indices);
  ops::LoopAxes<3> axes(at.size());
  for (std::size_t i = 0; i < at.size(); ++i)
    axes[i] = {indices[i], {along.elements[i].strides[0], at[i], 0}};
  return axes;
}

Ints of_axes(const std::vector<ops::PadRange>& ranges, Index ops::PadRange::*member, Index lone) {
  Ints list;
  list.fill(to_int(lone));
  for (std::size_t i = 0; i < ranges.size(); ++i)
    list[list.size() - ranges.size() + i] = to_int(ranges[i].*member);
  return list;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_trilu(const Device& device, const Binding& binding) {
  const ops::Input& x = binding.in[0];
  const char* kernel = kernel_of_size(x.dtype, ENGINE_SIZES("triangle"));
  const bool has_k = binding.in.size() > 1 && binding.in[1];
  if (!kernel || (has_k && binding.in[1].size() != 1)) return std::nullopt;
  Launch launch{
      "placing",
      kernel,
      {In{0}, input_or_none(binding, 1), Out{0}, to_int(x.shape()[x.shape().size() - 2]),
       to_int(x.shape().back()), cl_int{static_cast<const ops::Trilu&>(binding.op).upper}}};
  set_elements(device, x.size(), launch);
  return DeviceKernel::Parts{"trilu", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_pad(const Device& device, const Binding& binding) {
  const ops::Input& x = binding.in[0];
  const char* kernel = kernel_of_size(x.dtype, ENGINE_SIZES("pad"));
  for (const std::size_t i : {1u, 3u})
    if (i < binding.in.size() && binding.in[i] && !binding.in[i].data) return std::nullopt;
  std::vector<ops::PadRange> ranges;
  if (!kernel || !ops::pad_ranges(binding.in, ranges).ok() ||
      ranges.size() > std::tuple_size_v<Ints>)
    return std::nullopt;
  const auto& op = static_cast<const ops::Pad&>(binding.op);
  constexpr Index kMostMirrored = Index{1} << 29;  // twice as much must fit an int
  for (std::size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i].extent != binding.out[0].shape()[i] ||
        (op.mode != ops::Pad::Mode::kConstant &&
         (ranges[i].count == 0 || ranges[i].count > kMostMirrored)))
      return std::nullopt;
  Ints strides{};
  const Small<Index> all = ops::loop_strides(x.shape());
  for (std::size_t i = 0; i < all.size(); ++i)
    strides[strides.size() - all.size() + i] = to_int(all[i]);
  const bool has_value = binding.in.size() > 2 && binding.in[2] && binding.in[2].size() == 1;
  Launch launch{
      "placing",
      kernel,
      {In{0}, has_value ? Argument(In{2}) : Argument(cl_mem{nullptr}), Out{0},
       of_axes(ranges, &ops::PadRange::extent, 1), of_axes(ranges, &ops::PadRange::begin, 0),
       of_axes(ranges, &ops::PadRange::count, 1), of_axes(ranges, &ops::PadRange::first, 0),
       strides, static_cast<cl_int>(op.mode)}};
  set_elements(device, binding.out[0].size(), launch);
  return DeviceKernel::Parts{"pad", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_reverse_sequence(const Device& device,
                                                         const Binding& binding) {
  const bool batch_first = static_cast<const ops::ReverseSequence&>(binding.op).batch_first;
  const ops::Input& x = binding.in[0];
  const char* kernel = kernel_of_size(x.dtype, ENGINE_SIZES("reverse"));
  const Index batch = x.shape()[batch_first ? 0 : 1], time = x.shape()[batch_first ? 1 : 0];
  if (!kernel || binding.in[1].size() != batch) return std::nullopt;
  Launch launch{"placing",
                kernel,
                {In{0}, In{1}, Out{0}, Faults{}, to_int(time), to_int(batch),
                 to_int(product(x.shape(), 2, x.rank())), cl_int{batch_first}}};
  set_elements(device, x.size(), launch);
  return DeviceKernel::Parts{"reverse_sequence", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_gather_elements(const Device& device,
                                                        const Binding& binding) {
  const ops::Input &data = binding.in[0], &indices = binding.in[1];
  const char* kernel = kernel_of_size(data.dtype, ENGINE_SIZES("gather_elements"));
  const Index axis = static_cast<const ops::GatherElements&>(binding.op).axis;
  if (!kernel || data.rank() == 0) return std::nullopt;
  const ops::AlongAxis along(data.shape(), indices.shape(), axis);
  if (!along.fault.ok()) return std::nullopt;
  Launch launch{"placing",
                kernel,
                {In{0}, In{1}, Out{0}, Faults{}, cl_int{indices.dtype == DType::kInt64},
                 to_int(along.n), to_int(along.step)}};
  if (!add_walk(device, walk_of(along, indices.shape()), launch)) return std::nullopt;
  return DeviceKernel::Parts{"gather", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_scatter_elements(const Device& device,
                                                         const Binding& binding) {
  const auto& op = static_cast<const ops::ScatterElements&>(binding.op);
  const ops::Input &data = binding.in[0], &indices = binding.in[1];
  const bool replaces = op.reduction == ops::Reduction::kNone;
  const char* kernel = replaces ? kernel_of_size(data.dtype, ENGINE_SIZES("scatter_elements"))
                       : data.dtype == DType::kFloat32 ? "scatter_elements_float32"
                                                       : nullptr;
  if (!kernel || data.rank() == 0 || indices.shape() != binding.in[2].shape()) return std::nullopt;
  const ops::AlongAxis along(data.shape(), indices.shape(), op.axis);
  if (!along.fault.ok()) return std::nullopt;
  ops::LoopAxes<3> walk = walk_of(along, indices.shape());
  auto& line = walk[along.axis];
  const Index count = line.extent, next = line.strides[1];
  line.extent = count == 0 ? 0 : 1;
  Launch launch{
      "placing",
      kernel,
      {In{1}, In{2}, Out{0}, Faults{}, cl_int{indices.dtype == DType::kInt64}, to_int(along.n),
       to_int(along.step), to_int(count), to_int(next), static_cast<cl_int>(op.reduction)}};
  if (!add_walk(device, walk, launch)) return std::nullopt;
  DeviceKernel::Parts parts = copy_parts(device, operand_bytes(data));
  parts.name = "scatter";
  parts.launches.push_back(std::move(launch));
  return parts;
}

}  // namespace engine::opencl
