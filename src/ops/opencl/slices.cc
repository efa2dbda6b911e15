// ArgMax, ArgMin, Hardmax, CumSum, CumProd.
#include "ops/arg_max.h"
#include "ops/cumulative.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/number_kernels.h"
#include "ops/softmax.h"

namespace engine::opencl {
namespace {

// Slices that a work-item of a CPU takes.
Index slices_each(const AxisView& view) {
  return std::max<Index>(1, 1024 / std::max<Index>(1, view.n));
}

const char* cumulative_kernel(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return "cumulate_float32";
    case DType::kInt32: return "cumulate_int32";
    case DType::kUInt32: return "cumulate_uint32";
    case DType::kInt64: return "cumulate_int64";
    case DType::kUInt64: return "cumulate_uint64";
    default: return nullptr;
  }
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_arg_extreme(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::ArgExtreme&>(binding.op);
  const ops::Input& x = binding.in[0];
  const NumberKernels* kernels = number_kernels(x.dtype);
  const AxisView view = split_at(x.shape(), normalize_axis(op.axis, x.rank()));
  if (!kernels || !kernels->arg || view.n == 0) return std::nullopt;
  Launch launch{
      "slices",
      kernels->arg,
      {In{0}, Out{0}, to_int(view.n), to_int(view.inner), cl_int{op.select_last}, cl_int{op.max}}};
  set_elements(device, view.outer * view.inner, launch, slices_each(view));
  return DeviceKernel::Parts{"arg_extreme", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_hardmax(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Hardmax&>(binding.op);
  const ops::Input& x = binding.in[0];
  if (x.dtype != DType::kFloat32 || x.size() == 0) return std::nullopt;
  const AxisView view = ops::softmax_slices(x.shape(), op.axis, op.flatten);
  Launch launch{"slices", "hardmax", {In{0}, Out{0}, to_int(view.n), to_int(view.inner)}};
  set_elements(device, view.outer * view.inner, launch, slices_each(view));
  return DeviceKernel::Parts{"hardmax", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_cumulative(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Cumulative&>(binding.op);
  const ops::Input& x = binding.in[0];
  const char* kernel = cumulative_kernel(x.dtype);
  Ints axes;
  if (!kernel || x.shape().size() > axes.size()) return std::nullopt;
  axes.fill(1);
  for (std::size_t i = 0; i < x.shape().size(); ++i)
    axes[axes.size() - x.shape().size() + i] = to_int(x.shape()[i]);
  const cl_int how = (op.product ? 1 : 0) | (op.exclusive ? 2 : 0) | (op.reverse ? 4 : 0);
  Launch launch{"slices",
                kernel,
                {In{0}, In{1}, Out{0}, Faults{}, cl_int{binding.in[1].dtype == DType::kInt64}, axes,
                 to_int(x.rank()), how}};
  set_elements(device, x.size(), launch);
  return DeviceKernel::Parts{"cumulative", {std::move(launch)}};
}

}  // namespace engine::opencl
