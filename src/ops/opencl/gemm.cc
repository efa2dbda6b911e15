#include "ops/matmul.h"
#include "ops/opencl/grid.h"

namespace engine::opencl {

std::optional<DeviceKernel::Parts> bind_gemm(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Gemm&>(binding.op);
  const ops::Output& y = binding.out[0];
  if (y.dtype != DType::kFloat32) return std::nullopt;
  const Index m = y.shape()[0], n = y.shape()[1], k = binding.in[0].shape()[op.trans_a ? 0 : 1];
  const bool has_c = binding.in.size() > 2 && binding.in[2];
  const Shape c = has_c ? broadcast_strides(binding.in[2].shape(), y.shape()) : Shape{0, 0};
  const Ints steps = {to_int(op.trans_a ? 1 : k),
                      to_int(op.trans_a ? m : 1),
                      to_int(op.trans_b ? 1 : n),
                      to_int(op.trans_b ? k : 1),
                      to_int(c[0]),
                      to_int(c[1])};
  Launch launch{"gemm",
                "gemm",
                {In{0}, In{1}, input_or_none(binding, 2), Out{0}, steps, to_int(n), to_int(k),
                 op.alpha, op.beta}};
  constexpr Index kEach = 16;
  set_elements(device, y.size(), launch, kEach);
  return DeviceKernel::Parts{"gemm", {std::move(launch)}};
}

}  // namespace engine::opencl
