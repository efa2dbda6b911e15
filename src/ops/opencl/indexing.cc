// Gather, GatherND, ScatterND and TopK.
#include "ops/broadcast_loop.h"
#include "ops/gather.h"
#include "ops/gather_nd.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/moving.h"
#include "ops/opencl/number_kernels.h"
#include "ops/scatter.h"
#include "ops/top_k.h"

namespace engine::opencl {
namespace {

constexpr std::size_t kMostDepth = 8;

// The axes into which tuples of `depth` indices point.
struct Pointed {
  Ints extents, strides{};
};
std::optional<Pointed> pointed_axes(const Shape& shape, Index first, Index depth) {
  if (depth > static_cast<Index>(kMostDepth)) return std::nullopt;
  Pointed axes;
  axes.extents.fill(1);
  const Small<Index> all = ops::loop_strides(shape);
  for (std::size_t k = 0; k < static_cast<std::size_t>(depth); ++k) {
    axes.extents[k] = to_int(shape[static_cast<std::size_t>(first) + k]);
    axes.strides[k] = to_int(all[static_cast<std::size_t>(first) + k]);
  }
  return axes;
}

// How runs of the output are found (`GATHER` in kernels/indexing.cl).
struct Runs {
  Index count, length, depth, period, group, next;
};

std::optional<DeviceKernel::Parts> gather_parts(const Device& device, const Binding& binding,
                                                Index first, const Runs& runs) {
  const DType dtype = binding.in[0].dtype;
  const auto axes = pointed_axes(binding.in[0].shape(), first, runs.depth);
  const char* kernel = kernel_of_size(dtype, ENGINE_SIZES("gather"));
  if (!kernel || !axes) return std::nullopt;
  const Index each = rows_each(device, runs.length);
  Launch launch{
      "indexing",
      kernel,
      {In{0}, In{1}, Out{0}, Faults{}, axes->extents, axes->strides, to_int(runs.depth),
       cl_int{binding.in[1].dtype == DType::kInt64}, to_int(runs.count), to_int(runs.length),
       to_int(runs.period), to_int(runs.group), to_int(runs.next), to_int(each)}};
  set_grid(device, (runs.count + each - 1) / each, 1, launch);
  return DeviceKernel::Parts{"gather", {std::move(launch)}};
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_gather(const Device& device, const Binding& binding) {
  const Shape& data = binding.in[0].shape();
  const Index axis =
      normalize_axis(static_cast<const ops::Gather&>(binding.op).axis, binding.in[0].rank());
  const AxisView x = split_at(data, axis);
  const Index count = binding.in[1].size();
  return gather_parts(device, binding, axis,
                      {x.outer * count, x.inner, 1, count, count, x.n * x.inner});
}

std::optional<DeviceKernel::Parts> bind_gather_nd(const Device& device, const Binding& binding) {
  const Index batch = static_cast<const ops::GatherND&>(binding.op).batch_dims;
  const Shape &data = binding.in[0].shape(), &indices = binding.in[1].shape();
  const Index batches = product(data, 0, batch), rank = binding.in[0].rank();
  if (batches != product(indices, 0, batch)) return std::nullopt;  // which is a fault
  const Index rows = product(indices, batch, binding.in[1].rank() - 1);
  return gather_parts(device, binding, batch,
                      {batches * rows, product(data, batch + indices.back(), rank), indices.back(),
                       batches * rows, rows, product(data, batch, rank)});
}

std::optional<DeviceKernel::Parts> bind_scatter_nd(const Device& device, const Binding& binding) {
  constexpr const char* kKernels[] = {"scatter_none", "scatter_add", "scatter_mul", "scatter_max",
                                      "scatter_min"};
  const Shape &data = binding.in[0].shape(), &indices = binding.in[1].shape();
  const Index rows = product(indices, 0, binding.in[1].rank() - 1);
  const Index run = product(data, indices.back(), binding.in[0].rank());
  const auto axes = pointed_axes(data, 0, indices.back());
  if (binding.in[0].dtype != DType::kFloat32 || binding.in[2].size() != rows * run || !axes)
    return std::nullopt;
  const auto reduction = static_cast<const ops::ScatterND&>(binding.op).reduction;
  Launch launch{"indexing",
                kKernels[static_cast<std::size_t>(reduction)],
                {In{1}, In{2}, Out{0}, Faults{}, axes->extents, axes->strides,
                 to_int(indices.back()), to_int(rows), to_int(run)}};
  set_grid(device, vectors_of(run), 1, launch);
  DeviceKernel::Parts parts = copy_parts(device, operand_bytes(binding.in[0]));
  parts.name = "scatter";
  parts.launches.push_back(std::move(launch));
  return parts;
}

std::optional<DeviceKernel::Parts> bind_top_k(const Device& device, const Binding& binding) {
  constexpr Index kMostElements = 4096;  // each is held against all
  const auto& op = static_cast<const ops::TopK&>(binding.op);
  const Index along = normalize_axis(op.axis, binding.in[0].rank());
  const AxisView x = split_at(binding.in[0].shape(), along);
  const ops::Output& given = binding.out[0] ? binding.out[0] : binding.out[1];
  const Index k = given.shape()[static_cast<std::size_t>(along)];
  if (binding.in[0].dtype != DType::kFloat32 || x.n > kMostElements || k > x.n) return std::nullopt;
  Launch launch{"indexing",
                "top_k",
                {In{0}, output_or_none(binding, 0), output_or_none(binding, 1), to_int(x.n),
                 to_int(x.inner), to_int(k), cl_int{op.largest}}};
  set_grid(device, vectors_of(x.n), x.outer * x.inner, launch);
  return DeviceKernel::Parts{"top_k", {std::move(launch)}};
}

}  // namespace engine::opencl
