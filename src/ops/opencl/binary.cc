#include "ops/binary.h"

#include "ops/broadcast_loop.h"
#include "ops/opencl/grid.h"

namespace engine::opencl {
namespace {

const char* kernel_of(ops::BinaryKind kind) {
  using ops::BinaryKind;
  switch (kind) {
    case BinaryKind::kAdd: return "binary_add";
    case BinaryKind::kSub: return "binary_sub";
    case BinaryKind::kMul: return "binary_mul";
    case BinaryKind::kDiv: return "binary_div";
    case BinaryKind::kMax: return "binary_max";
    case BinaryKind::kMin: return "binary_min";
    case BinaryKind::kPRelu: return "binary_prelu";
    default: return nullptr;
  }
}

// One operand against another; `a` and `b` broadcast to `y`. Nothing if there are too many axes.
std::optional<Launch> binary_launch(const Device& device, const char* kernel, const Shape& y,
                                    const Shape& a, const Shape& b, Argument a_at, Argument b_at) {
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
  Launch launch{"binary",
                kernel,
                {a_at, b_at, Out{0}, outer, steps,
                 Ints{to_int(inner.extent), to_int(inner.strides[0]), to_int(inner.strides[1]),
                      to_int(part), to_int(parts), to_int(together), to_int(runs)}}};
  set_grid(device, parts * ((runs + together - 1) / together), 1, launch);
  return launch;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_binary(const Device& device, const Binding& binding) {
  const auto* variadic = dynamic_cast<const ops::Variadic*>(&binding.op);
  if (binding.in.size() != 2 || (variadic && variadic->mean)) return std::nullopt;
  for (const ops::Input& input : binding.in)
    if (input.dtype != DType::kFloat32) return std::nullopt;
  const char* kernel =
      kernel_of(variadic ? variadic->kind : static_cast<const ops::Binary&>(binding.op).kind);
  if (!kernel) return std::nullopt;
  const Shape& y = binding.out[0].shape();
  auto launch =
      binary_launch(device, kernel, y, binding.in[0].shape(), binding.in[1].shape(), In{0}, In{1});
  if (!launch) return std::nullopt;
  DeviceKernel::Parts parts{"binary", {std::move(*launch)}};
  for (std::size_t i = 0; i < 2; ++i)
    if (binding.in[i].shape() == y) parts.overwritable |= 1u << i;
  return parts;
}

}  // namespace engine::opencl
