#include "ops/opencl/windows.h"

#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/opencl/epilogue.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/window_geometry.h"
#include "ops/pooling.h"

namespace engine::opencl {
namespace {

using ops::Conv;
using ops::Windows;

// Elements that a work-item of a CPU takes: each is a sum over a window.
constexpr Index kEach = 16;

bool is_float32(const Binding& binding) { return binding.out[0].dtype == DType::kFloat32; }

// Where pooling windows count positions as part of an average: [low, high) of each axis.
Ints counted_positions(const Windows& w, bool pads) {
  Shape low, high;
  for (std::size_t i = 0; i < w.input.size(); ++i) {
    low.push_back(pads ? -w.pads_begin[i] : 0);
    high.push_back(w.input[i] + (pads ? w.pads_end[i] : 0));
  }
  Ints counted{};
  put_window_axes(low, 0, 0, counted);
  put_window_axes(high, 3, 1, counted);
  return counted;
}

const char* max_pool_kernel(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return "max_pool_float32";
    case DType::kInt8: return "max_pool_int8";
    case DType::kUInt8: return "max_pool_uint8";
    default: return nullptr;
  }
}

}  // namespace

bool is_for_host(const Device& device, Index products) {
  constexpr Index kMost = Index{1} << 18;
  return device.facts().is_cpu() && !device.is_single_item() && products > kMost;
}

std::optional<DeviceKernel::Parts> conv_any_parts(const Device& device, const Binding& binding,
                                                  const PackedBuffers* packed) {
  const auto& op = static_cast<const Conv&>(binding.op);
  const Shape &x = binding.in[Conv::kX].shape(), &w = binding.in[Conv::kWeights].shape();
  const Windows windows = op.spatial.windows(ops::spatial_part(x), Shape(w.begin() + 2, w.end()));
  if (!is_float32(binding) || op.winograd || !fits_ints(windows)) return std::nullopt;
  const Index filters = product(w, 1, static_cast<Index>(w.size()));
  if (!packed && is_for_host(device, binding.out[0].size() * filters)) return std::nullopt;
  WindowGeometry g(windows);
  g.set_channels(x[1], w[0], op.group);
  const ops::Epilogue& e = op.epilogue;
  const std::optional<Bounds> bounds = bounds_of(e);
  const bool has_packed_bias = packed && packed->buffers.size() > 1;
  const Argument weights =
      packed ? Argument(packed->buffers[0].get()) : Argument(In{Conv::kWeights});
  const Argument bias =
      has_packed_bias ? Argument(packed->buffers[1].get()) : input_or_none(binding, Conv::kBias);
  const Argument residual = e.residual ? Argument(In{Conv::kResidual}) : Argument(cl_mem{nullptr});
  Launch launch{"windows",
                "conv_any",
                {In{Conv::kX}, weights, bias, residual, Out{0}, g.size, g.window, g.steps,
                 to_int(numerics::section_channels(windows.kernel_size())),
                 bounds.value_or(Bounds{}).low, bounds.value_or(Bounds{}).high}};
  const Index elements = binding.out[0].size();
  set_elements(device, elements, launch, kEach);
  DeviceKernel::Parts parts{"conv_any", {std::move(launch)}};
  if (!bounds)
    parts.launches.push_back(
        unary_launch(device, e.activation, e.a, e.b, elements, Out{0}, Out{0}));
  return parts;
}

std::shared_ptr<PackedBuffers> pack_conv_transpose(const Device& device, const ops::Operator&,
                                                   const ops::Operands& in) {
  constexpr Index kPixels = 64;  // of the input at least, which is not known yet
  const Tensor* w = in[1].value;
  if (!w || w->dtype() != DType::kFloat32 || !device.has_kernel("conv_transpose") ||
      is_for_host(device, w->size() * kPixels))
    return nullptr;
  auto packed = std::make_shared<PackedBuffers>();  // beside the host's, for sizes that do not fit
  packed->buffers.push_back(device.upload(w->data(), w->bytes()));
  return packed;
}

std::optional<DeviceKernel::Parts> bind_conv_transpose(const Device& device,
                                                       const Binding& binding) {
  const auto& op = static_cast<const ops::ConvTranspose&>(binding.op);
  const Shape &x = binding.in[0].shape(), &w = binding.in[1].shape();
  const Windows windows = op.windows(ops::spatial_part(x), ops::spatial_part(w));
  const auto* packed = static_cast<const PackedBuffers*>(binding.packed);
  const Index spread = product(w, 1, static_cast<Index>(w.size()));
  if (!is_float32(binding) || !fits_ints(windows) ||
      (!packed && is_for_host(device, binding.in[0].size() * spread)))
    return std::nullopt;
  WindowGeometry g(windows);
  g.set_channels(x[1], w[1] * op.group, op.group);
  const Argument weights = packed ? Argument(packed->buffers[0].get()) : Argument(In{1});
  Launch launch{"windows",
                "conv_transpose",
                {In{0}, weights, input_or_none(binding, 2), Out{0}, g.size, g.window, g.steps,
                 to_int(numerics::section_channels(windows.kernel_size()))}};
  set_elements(device, binding.out[0].size(), launch, kEach);
  return DeviceKernel::Parts{"conv_transpose", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> pool_any_parts(const Device& device, const Binding& binding) {
  const auto* max = dynamic_cast<const ops::MaxPool*>(&binding.op);
  const auto* average = dynamic_cast<const ops::AveragePool*>(&binding.op);
  const ops::Spatial& spatial = max ? max->spatial : average->spatial;
  const Windows windows = spatial.windows(ops::spatial_part(binding.in[0].shape()), spatial.kernel);
  const DType dtype = binding.in[0].dtype;
  const char* kernel = max                        ? max_pool_kernel(dtype)
                       : dtype == DType::kFloat32 ? "average_pool_any"
                                                  : nullptr;
  if (!kernel || !fits_ints(windows)) return std::nullopt;
  const WindowGeometry g(windows);
  Launch launch{"windows", kernel, {In{0}}};
  std::vector<Argument>& arguments = launch.arguments;
  arguments.push_back(output_or_none(binding, 0));
  if (max) arguments.push_back(output_or_none(binding, 1));
  arguments.insert(arguments.end(), {g.size, g.window, g.steps});
  if (max) arguments.push_back(cl_int{max->column_major});
  else arguments.push_back(counted_positions(windows, average->count_include_pad));
  const ops::Output& given = binding.out[0] ? binding.out[0] : binding.out[1];
  set_elements(device, given.size(), launch, kEach);
  return DeviceKernel::Parts{max ? "max_pool_any" : "average_pool_any", {std::move(launch)}};
}

}  // namespace engine::opencl
