// Round, Sign, Shrink, IsInf, Clip with bounds that a run brings along.
#include "ops/is_inf.h"
#include "ops/opencl/elementwise.h"
#include "ops/opencl/functions.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/number_kernels.h"
#include "ops/unary.h"

namespace engine::opencl {
namespace {

DeviceKernel::Parts function_parts(const Device& device, const char* kernel, const Binding& binding,
                                   float a = 0, float b = 0) {
  return {"function",
          {function_launch(device, kernel, binding.in[0].size(), In{0}, Out{0}, a, b)},
          0,
          1u};
}

bool is_float32(const Binding& binding) { return binding.in[0].dtype == DType::kFloat32; }

}  // namespace

Launch function_launch(const Device& device, const char* kernel, Index elements, Argument x,
                       Argument y, float a, float b) {
  const Index vectors = vectors_of(elements), each = vectors_each(device, vectors);
  Launch launch{"functions", kernel, {x, y, to_int(vectors), to_int(each), a, b}};
  set_grid(device, (vectors + each - 1) / each, 1, launch);
  return launch;
}

std::optional<DeviceKernel::Parts> bind_round(const Device& device, const Binding& binding) {
  if (!is_float32(binding)) return std::nullopt;
  return function_parts(device, "round_even", binding);
}

std::optional<DeviceKernel::Parts> bind_sign(const Device& device, const Binding& binding) {
  if (is_float32(binding)) return function_parts(device, "sign_of", binding);
  return bind_integer_unary(device, binding);
}

std::optional<DeviceKernel::Parts> bind_shrink(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Shrink&>(binding.op);
  if (!is_float32(binding)) return std::nullopt;
  return function_parts(device, "shrink", binding, op.lambd, op.bias);
}

std::optional<DeviceKernel::Parts> bind_is_inf(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::IsInf&>(binding.op);
  if (!is_float32(binding)) return std::nullopt;
  Launch launch{"functions", "is_inf", {In{0}, Out{0}, cl_int{op.negative}, cl_int{op.positive}}};
  set_elements(device, binding.in[0].size(), launch);
  return DeviceKernel::Parts{"is_inf", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> clip_parts(const Device& device, const Binding& binding) {
  const NumberKernels* kernels = number_kernels(binding.in[0].dtype);
  if (!kernels || !kernels->clip) return std::nullopt;
  Launch launch{"functions",
                kernels->clip,
                {In{0}, input_or_none(binding, 1), input_or_none(binding, 2), Out{0}}};
  set_elements(device, binding.in[0].size(), launch);
  return DeviceKernel::Parts{"clip", {std::move(launch)}};
}

}  // namespace engine::opencl
