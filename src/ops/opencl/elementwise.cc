#include "ops/opencl/elementwise.h"

#include "ops/broadcast_loop.h"
#include "ops/bit_shift.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/moving.h"
#include "ops/opencl/number_kernels.h"

namespace engine::opencl {
namespace {

using ops::BinaryKind;

// Of the order in kernels/integers.cl.
enum class IntegerOperation {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kFmod,
  kMax,
  kMin,
  kAnd,
  kOr,
  kXor,
  kNot,
  kLogicalNot,
  kAbs,
  kNeg,
  kRelu,
  kSign,
  kShiftLeft,
  kShiftRight
};

// Of the order in kernels/comparisons.cl.
enum class Comparison { kEqual, kLess, kLessOrEqual, kUnequal };

std::optional<IntegerOperation> operation_of(BinaryKind kind) {
  using enum IntegerOperation;
  switch (kind) {
    case BinaryKind::kAdd: return kAdd;
    case BinaryKind::kSub: return kSub;
    case BinaryKind::kMul: return kMul;
    case BinaryKind::kDiv: return kDiv;
    case BinaryKind::kMod: return kMod;
    case BinaryKind::kFmod: return kFmod;
    case BinaryKind::kMax: return kMax;
    case BinaryKind::kMin: return kMin;
    default: return std::nullopt;
  }
}

std::optional<IntegerOperation> operation_of(std::string_view name) {
  using enum IntegerOperation;
  using Named = std::pair<std::string_view, IntegerOperation>;
  constexpr Named kNames[] = {{"And", kAnd},        {"BitwiseAnd", kAnd}, {"Or", kOr},
                              {"BitwiseOr", kOr},   {"Xor", kXor},        {"BitwiseXor", kXor},
                              {"Not", kLogicalNot}, {"BitwiseNot", kNot}, {"Abs", kAbs},
                              {"Neg", kNeg},        {"Relu", kRelu},      {"Sign", kSign}};
  const auto it = std::ranges::find(kNames, name, &Named::first);
  return it == std::end(kNames) ? std::nullopt : std::optional(it->second);
}

bool add_walk(const Device& device, const Shape& y, const std::array<const Shape*, 3>& in,
              Launch& launch) {
  return add_walk(device, ops::broadcast_axes<3>(y, in), launch);
}

std::optional<DeviceKernel::Parts> one_launch(const char* name, std::optional<Launch> launch) {
  if (!launch) return std::nullopt;
  return DeviceKernel::Parts{name, {std::move(*launch)}};
}

std::optional<Launch> operation_launch(const Device& device, IntegerOperation operation,
                                       DType dtype, const Shape& y, const Shape& a, const Shape& b,
                                       Argument a_at, Argument b_at) {
  const NumberKernels* kernels = number_kernels(dtype);
  if (!kernels || !kernels->integers) return std::nullopt;
  Launch launch{"integers",
                kernels->integers,
                {a_at, b_at, Out{0}, Faults{}, static_cast<cl_int>(operation)}};
  if (!add_walk(device, y, {&a, &b, &b}, launch)) return std::nullopt;
  return launch;
}

std::optional<Launch> comparison_launch(const Device& device, Comparison comparison, DType dtype,
                                        const Shape& y, const Shape& a, const Shape& b,
                                        std::size_t a_at, std::size_t b_at) {
  const NumberKernels* kernels = number_kernels(dtype);
  if (!kernels || !kernels->comparisons) return std::nullopt;
  Launch launch{"comparisons",
                kernels->comparisons,
                {In{a_at}, In{b_at}, Out{0}, static_cast<cl_int>(comparison)}};
  if (!add_walk(device, y, {&a, &b, &b}, launch)) return std::nullopt;
  return launch;
}

}  // namespace

bool add_walk(const Device& device, const ops::LoopAxes<3>& axes, Launch& launch) {
  constexpr std::size_t kAxes = std::tuple_size_v<Ints>;
  if (axes.size() > kAxes) return false;
  Ints extents;
  extents.fill(1);
  std::array<Ints, 3> steps{};
  Index elements = 1;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t at = kAxes - axes.size() + i;
    extents[at] = to_int(axes[i].extent);
    for (std::size_t k = 0; k < steps.size(); ++k) steps[k][at] = to_int(axes[i].strides[k]);
    elements *= axes[i].extent;
  }
  set_elements(device, elements, launch);
  launch.arguments.insert(launch.arguments.end(), {extents, steps[0], steps[1], steps[2]});
  return true;
}

std::optional<Launch> integer_launch(const Device& device, BinaryKind kind, DType dtype,
                                     const Shape& y, const Shape& a, const Shape& b, Argument a_at,
                                     Argument b_at) {
  const auto operation = operation_of(kind);
  if (!operation) return std::nullopt;
  return operation_launch(device, *operation, dtype, y, a, b, std::move(a_at), std::move(b_at));
}

std::optional<DeviceKernel::Parts> bind_integer_unary(const Device& device,
                                                      const Binding& binding) {
  const auto operation = operation_of(binding.op.name());
  if (!operation) return std::nullopt;
  const Shape& shape = binding.in[0].shape();
  return one_launch("integers", operation_launch(device, *operation, binding.in[0].dtype, shape,
                                                 shape, shape, In{0}, In{0}));
}

std::optional<DeviceKernel::Parts> bind_bits(const Device& device, const Binding& binding) {
  const auto operation = operation_of(binding.op.name());
  if (!operation) return std::nullopt;
  return one_launch(
      "integers", operation_launch(device, *operation, binding.in[0].dtype, binding.out[0].shape(),
                                   binding.in[0].shape(), binding.in[1].shape(), In{0}, In{1}));
}

std::optional<DeviceKernel::Parts> bind_bit_shift(const Device& device, const Binding& binding) {
  const bool left = static_cast<const ops::BitShift&>(binding.op).left;
  return one_launch(
      "integers",
      operation_launch(device, left ? IntegerOperation::kShiftLeft : IntegerOperation::kShiftRight,
                       binding.in[0].dtype, binding.out[0].shape(), binding.in[0].shape(),
                       binding.in[1].shape(), In{0}, In{1}));
}

std::optional<DeviceKernel::Parts> bind_comparison(const Device& device, const Binding& binding) {
  const BinaryKind kind = static_cast<const ops::Binary&>(binding.op).kind;
  const bool turned = kind == BinaryKind::kGreater || kind == BinaryKind::kGreaterOrEqual;
  const bool strict = kind == BinaryKind::kGreater || kind == BinaryKind::kLess;
  const Comparison comparison = kind == BinaryKind::kEqual ? Comparison::kEqual
                                : strict                   ? Comparison::kLess
                                                           : Comparison::kLessOrEqual;
  const std::size_t a = turned ? 1 : 0, b = 1 - a;
  return one_launch("comparison", comparison_launch(device, comparison, binding.in[0].dtype,
                                                    binding.out[0].shape(), binding.in[a].shape(),
                                                    binding.in[b].shape(), a, b));
}

std::optional<DeviceKernel::Parts> bind_is_nan(const Device& device, const Binding& binding) {
  const Shape& shape = binding.in[0].shape();
  if (binding.in[0].dtype != DType::kFloat32) return std::nullopt;
  return one_launch("comparison", comparison_launch(device, Comparison::kUnequal, DType::kFloat32,
                                                    shape, shape, shape, 0, 0));
}

std::optional<DeviceKernel::Parts> bind_where(const Device& device, const Binding& binding) {
  const DType dtype = binding.out[0].dtype;
  const char* kernel = kernel_of_size(dtype, ENGINE_SIZES("pick"));
  if (!kernel) return std::nullopt;
  Launch launch{"picking", kernel, {In{0}, In{1}, In{2}, Out{0}}};
  if (!add_walk(device, binding.out[0].shape(),
                {binding.in[0].extents, binding.in[1].extents, binding.in[2].extents}, launch))
    return std::nullopt;
  return one_launch("where", std::move(launch));
}

std::optional<DeviceKernel::Parts> bind_cast(const Device& device, const Binding& binding) {
  const DType from = binding.in[0].dtype, to = binding.out[0].dtype;
  if (from == to && from != DType::kString) return copy_parts(device, operand_bytes(binding.in[0]));
  const NumberKernels *source = number_kernels(from), *target = number_kernels(to);
  if (!source || !target || (!is_float(from) && to == DType::kFloat64) ||
      (from == DType::kFloat64 && !is_float(to)))
    return std::nullopt;
  Launch launch{"cast", source->cast, {In{0}, Out{0}, static_cast<cl_int>(number_code(*target))}};
  const Shape& shape = binding.in[0].shape();
  if (!add_walk(device, shape, {&shape, &shape, &shape}, launch)) return std::nullopt;
  return one_launch("cast", std::move(launch));
}

}  // namespace engine::opencl
