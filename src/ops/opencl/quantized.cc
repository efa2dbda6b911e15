// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, MatMulInteger, QLinearMatMul,
// ConvInteger, QLinearConv.
#include "ops/matmul_shape.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/window_geometry.h"
#include "ops/quantize_linear.h"
#include "ops/quantized_conv.h"

#include <limits>

namespace engine::opencl {
namespace {

constexpr Index kEach = 16;  // sums of a work-item of a CPU

// The numbers of types in kernels/quantized.cl.
std::optional<cl_int> type_code(DType dtype) {
  constexpr DType kTypes[] = {DType::kInt8, DType::kUInt8, DType::kInt16, DType::kUInt16,
                              DType::kInt32};
  const auto it = std::ranges::find(kTypes, dtype);
  if (it == std::end(kTypes)) return std::nullopt;
  return static_cast<cl_int>(it - kTypes);
}

bool is_float32(const ops::Input& input) { return input.dtype == DType::kFloat32; }

Ints grid_of(const ops::QuantizationAxis& axis, const Binding& binding) {
  const ops::QuantizationGrid g = axis.grid(binding.in[0].shape(), binding.in[1].shape());
  const Index block = std::min(g.block, std::max<Index>(g.n, 1));  // one longer is all of the axis
  return {to_int(g.n), to_int(g.inner), to_int(block), to_int(g.steps), cl_int{g.blocked}};
}

// Operands of a product or a convolution by their places; kNone: the operator has no such one.
struct Roles {
  std::size_t a, b, a_zero, b_zero, a_scale, b_scale, y_scale, y_zero;
};
constexpr auto kNone = std::numeric_limits<std::size_t>::max();
constexpr Roles kInteger = {0, 1, 2, 3, kNone, kNone, kNone, kNone};
constexpr Roles kLinear = {0, 3, 2, 5, 1, 4, 6, 7};

// The scale among them must be float32, the only one that kernels take.
bool has_kernel(const Binding& binding, const Roles& roles) {
  return roles.a_scale == kNone || is_float32(binding.in[roles.a_scale]);
}

std::vector<Argument> arguments_of(const Binding& binding, const Roles& r) {
  std::vector<Argument> arguments;
  for (const std::size_t i :
       {r.a, r.b, r.a_zero, r.b_zero, r.a_scale, r.b_scale, r.y_scale, r.y_zero})
    arguments.push_back(input_or_none(binding, i));
  return arguments;
}

// Types of a and b and of a quantised y.
Ints types_of(const Binding& binding, const Roles& r) {
  return {type_code(binding.in[r.a].dtype).value(), type_code(binding.in[r.b].dtype).value(),
          type_code(binding.out[0].dtype).value()};
}

// Elements of a parameter from matrix to matrix and from row (or column) to row.
std::pair<cl_int, cl_int> parameter_steps(const Binding& binding, std::size_t i, Index extent) {
  if (i >= binding.in.size() || !binding.in[i] || binding.in[i].size() == 1) return {0, 0};
  return {binding.in[i].rank() == 1 ? 0 : to_int(extent), 1};
}

// The matrices of an operand follow those of the output, or it has only one; else nothing.
std::optional<cl_int> matrix_step(const std::vector<Index>& matrices, Index elements) {
  const bool one = std::ranges::all_of(matrices, [](Index m) { return m == 0; });
  for (std::size_t i = 0; !one && i < matrices.size(); ++i)
    if (matrices[i] != static_cast<Index>(i)) return std::nullopt;
  return one ? 0 : to_int(elements);
}

std::optional<DeviceKernel::Parts> matmul_parts(const Device& device, const Binding& binding,
                                                const Roles& roles) {
  const ops::MatMulPlan p =
      ops::plan_matmul(binding.in[roles.a].shape(), binding.in[roles.b].shape());
  const auto a_step = matrix_step(p.a_matrix, p.rows * p.k);
  const auto b_step = matrix_step(p.b_matrix, p.k * p.columns);
  if (!has_kernel(binding, roles) || !a_step || !b_step) return std::nullopt;
  Ints at{};
  const auto put = [&](std::size_t to, std::size_t operand, Index extent, cl_int step) {
    const auto [by_matrix, by_row] = parameter_steps(binding, operand, extent);
    at[to] = step == 0 ? 0 : by_matrix;
    at[to + 1] = by_row;
  };
  put(0, roles.a_scale, p.rows, *a_step);
  put(2, roles.a_zero, p.rows, *a_step);
  put(4, roles.b_scale, p.columns, *b_step);
  put(6, roles.b_zero, p.columns, *b_step);
  Launch launch{"quantized", "matmul_quantized", arguments_of(binding, roles)};
  launch.arguments.insert(
      launch.arguments.end(),
      {Out{0}, Ints{to_int(p.rows), to_int(p.k), to_int(p.columns), *a_step, *b_step},
       types_of(binding, roles), at});
  set_elements(device, binding.out[0].size(), launch, kEach);
  return DeviceKernel::Parts{"matmul_quantized", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> conv_parts(const Device& device, const Binding& binding,
                                              const Roles& roles, const ops::Spatial& spatial,
                                              Index group, Argument bias) {
  const Shape &x = binding.in[roles.a].shape(), &w = binding.in[roles.b].shape();
  const ops::Windows windows = spatial.windows(ops::spatial_part(x), ops::spatial_part(w));
  if (!has_kernel(binding, roles) || !fits_ints(windows)) return std::nullopt;
  WindowGeometry g(windows);
  g.set_channels(x[1], w[0], group);
  const Ints at = {parameter_steps(binding, roles.b_zero, 0).second,
                   parameter_steps(binding, roles.b_scale, 0).second};
  Launch launch{"quantized", "conv_quantized", arguments_of(binding, roles)};
  launch.arguments.insert(launch.arguments.end(), {std::move(bias), Out{0}, g.size, g.window,
                                                   g.steps, types_of(binding, roles), at});
  set_elements(device, binding.out[0].size(), launch, kEach);
  return DeviceKernel::Parts{"conv_quantized", {std::move(launch)}};
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_quantize_linear(const Device& device,
                                                        const Binding& binding) {
  const auto& op = static_cast<const ops::QuantizeLinear&>(binding.op);
  const ops::Input& x = binding.in[0];
  const auto type = type_code(binding.out[0].dtype);
  const bool exact = op.precision.value_or(DType::kFloat32) == DType::kFloat32;
  const bool integers = x.dtype == DType::kInt32;
  if (!type || !exact || !is_float32(binding.in[1]) || (!is_float32(x) && !integers))
    return std::nullopt;
  Launch launch{"quantized",
                "quantize",
                {In{0}, In{1}, input_or_none(binding, 2), Out{0}, grid_of(op.axis, binding),
                 cl_int{integers}, *type}};
  set_elements(device, x.size(), launch);
  return DeviceKernel::Parts{"quantize", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_dequantize_linear(const Device& device,
                                                          const Binding& binding) {
  const auto& op = static_cast<const ops::DequantizeLinear&>(binding.op);
  const auto type = type_code(binding.in[0].dtype);
  if (!type || !is_float32(binding.in[1]) || binding.out[0].dtype != DType::kFloat32)
    return std::nullopt;
  Launch launch{
      "quantized",
      "dequantize",
      {In{0}, In{1}, input_or_none(binding, 2), Out{0}, grid_of(op.axis, binding), *type}};
  set_elements(device, binding.in[0].size(), launch);
  return DeviceKernel::Parts{"dequantize", {std::move(launch)}};
}

std::optional<DeviceKernel::Parts> bind_dynamic_quantize_linear(const Device& device,
                                                                const Binding& binding) {
  const Index size = binding.in[0].size();
  if (!binding.out[0] || size == 0) return std::nullopt;
  const Index parts = std::clamp<Index>(size / 256, 1, 64);
  const std::size_t bytes = static_cast<std::size_t>(parts) * sizeof(float);
  std::size_t scratch = 0;
  const Scratch lows = take_scratch(device, bytes, scratch);
  const Scratch highs = take_scratch(device, bytes, scratch);
  Launch range{"quantized", "value_range", {In{0}, lows, highs, to_int(parts), to_int(size)}};
  set_elements(device, parts, range, 1);
  Launch quantize{"quantized",
                  "quantize_range",
                  {In{0}, lows, highs, Out{0}, output_or_none(binding, 1),
                   output_or_none(binding, 2), to_int(parts)}};
  set_elements(device, size, quantize);
  return DeviceKernel::Parts{"dynamic_quantize", {std::move(range), std::move(quantize)}, scratch};
}

std::optional<DeviceKernel::Parts> bind_matmul_integer(const Device& device,
                                                       const Binding& binding) {
  return matmul_parts(device, binding, kInteger);
}

std::optional<DeviceKernel::Parts> bind_qlinear_matmul(const Device& device,
                                                       const Binding& binding) {
  return matmul_parts(device, binding, kLinear);
}

std::optional<DeviceKernel::Parts> bind_conv_integer(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::ConvInteger&>(binding.op);
  return conv_parts(device, binding, kInteger, op.spatial, op.group, cl_mem{nullptr});
}

std::optional<DeviceKernel::Parts> bind_qlinear_conv(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::QLinearConv&>(binding.op);
  return conv_parts(device, binding, kLinear, op.spatial, op.group, input_or_none(binding, 8));
}

}  // namespace engine::opencl
