#include "ops/binary.h"

#include "ops/broadcast_loop.h"
#include "ops/opencl/elementwise.h"
#include "ops/opencl/functions.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/moving.h"

namespace engine::opencl {
namespace {

// A kernel of its own, or, on boards, one of the first operations of the one kernel, which has them
// in this order (kernels/fpga/binary.cl).
struct Operation {
  ops::BinaryKind kind;
  const char* kernel;
  bool on_boards = true;
};
constexpr Operation kOperations[] = {
    {ops::BinaryKind::kAdd, "binary_add"},         {ops::BinaryKind::kSub, "binary_sub"},
    {ops::BinaryKind::kMul, "binary_mul"},         {ops::BinaryKind::kDiv, "binary_div"},
    {ops::BinaryKind::kMax, "binary_max"},         {ops::BinaryKind::kMin, "binary_min"},
    {ops::BinaryKind::kPRelu, "binary_prelu"},     {ops::BinaryKind::kMod, "binary_mod", false},
    {ops::BinaryKind::kFmod, "binary_fmod", false}};

// One operand against another; `a` and `b` broadcast to `y`. Nothing if there are too many axes.
std::optional<Launch> binary_launch(const Device& device, const Operation& operation,
                                    const Shape& y, const Shape& a, const Shape& b, Argument a_at,
                                    Argument b_at) {
  constexpr std::size_t kOuter = 4;
  const ops::LoopAxes<2> axes = ops::broadcast_axes<2>(y, {&a, &b});
  if (axes.size() > kOuter + 1) return std::nullopt;
  Ints outer, steps{};
  outer.fill(1);
  Index runs = 1;
  for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
    const std::size_t at = kOuter - (axes.size() - 1) + i;
    outer[at] = to_int(axes[i].extent);
    steps[at] = to_int(axes[i].strides[0]);
    steps[at + kOuter] = to_int(axes[i].strides[1]);
    runs *= axes[i].extent;
  }
  const auto& inner = axes.back();
  const Index vectors = vectors_of(inner.extent), each = vectors_each(device, vectors * runs);
  const Index part = std::min(each, vectors), parts = (vectors + part - 1) / part;
  const Index together = parts == 1 ? std::max<Index>(1, each / vectors) : 1;
  const bool board = device.variant() == Variant::kFpga;
  Launch launch{"binary",
                board ? "binary" : operation.kernel,
                {a_at, b_at, Out{0}, outer, steps,
                 Ints{to_int(inner.extent), to_int(inner.strides[0]), to_int(inner.strides[1]),
                      to_int(part), to_int(parts), to_int(together), to_int(runs)}}};
  if (board) launch.arguments.emplace_back(static_cast<cl_int>(&operation - kOperations));
  set_grid(device, parts * ((runs + together - 1) / together), 1, launch);
  return launch;
}

std::optional<Launch> pair_launch(const Device& device, ops::BinaryKind kind, DType dtype,
                                  const Shape& y, const Shape& a, const Shape& b, Argument a_at,
                                  Argument b_at) {
  if (is_integer(dtype)) return integer_launch(device, kind, dtype, y, a, b, a_at, b_at);
  const auto* operation = std::ranges::find(kOperations, kind, &Operation::kind);
  if (dtype != DType::kFloat32 || operation == std::end(kOperations)) return std::nullopt;
  if (device.variant() == Variant::kFpga && !operation->on_boards) return std::nullopt;
  return binary_launch(device, *operation, y, a, b, a_at, b_at);
}

// Inputs in whose memory the output may lie; later launches may read again what the first one read.
unsigned overwritable(const Binding& binding) {
  if (binding.in.size() != 2) return 0;
  unsigned inputs = 0;
  for (std::size_t i = 0; i < 2; ++i)
    if (binding.in[i].shape() == binding.out[0].shape()) inputs |= 1u << i;
  return inputs;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_binary(const Device& device, const Binding& binding) {
  const ops::Input &a = binding.in[0], &b = binding.in[1];
  if (a.dtype != b.dtype) return std::nullopt;
  auto launch = pair_launch(device, static_cast<const ops::Binary&>(binding.op).kind, a.dtype,
                            binding.out[0].shape(), a.shape(), b.shape(), In{0}, In{1});
  if (!launch) return std::nullopt;
  return DeviceKernel::Parts{"binary", {std::move(*launch)}, 0, overwritable(binding)};
}

std::optional<DeviceKernel::Parts> bind_variadic(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Variadic&>(binding.op);
  const DType dtype = binding.out[0].dtype;
  if (op.mean && dtype != DType::kFloat32) return std::nullopt;
  if (binding.in.size() == 1) return copy_parts(device, operand_bytes(binding.in[0]));
  const Shape& y = binding.out[0].shape();
  DeviceKernel::Parts parts{"binary", {}, 0, overwritable(binding)};
  for (std::size_t i = 1; i < binding.in.size(); ++i) {
    const bool first = i == 1;
    auto launch =
        pair_launch(device, op.kind, dtype, y, first ? binding.in[0].shape() : y,
                    binding.in[i].shape(), first ? Argument(In{0}) : Argument(Out{0}), In{i});
    if (!launch) return std::nullopt;
    parts.launches.push_back(std::move(*launch));
  }
  if (op.mean)
    parts.launches.push_back(function_launch(device, "divide_by", binding.out[0].size(), Out{0},
                                             Out{0}, static_cast<float>(binding.in.size())));
  return parts;
}

}  // namespace engine::opencl
