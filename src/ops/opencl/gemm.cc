// Gemm whose weights a run brings along; what has constant ones is a Dense.
#include "ops/matmul.h"
#include "ops/opencl/grid.h"
#include "ops/opencl/products.h"

namespace engine::opencl {
namespace {

// An operand [rows, columns] of `at` that is wanted the other way round, in scratch memory.
Argument transposed(const Device& device, In at, Index rows, Index columns,
                    DeviceKernel::Parts& parts) {
  const std::size_t bytes = static_cast<std::size_t>(rows * columns) * sizeof(float);
  const Scratch memory = take_scratch(device, bytes, parts.scratch);
  Launch launch{"gemm", "transpose_matrix", {at, memory, to_int(rows), to_int(columns)}};
  set_elements(device, rows * columns, launch);
  parts.launches.push_back(std::move(launch));
  return memory;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_gemm(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Gemm&>(binding.op);
  const ops::Output& y = binding.out[0];
  if (y.dtype != DType::kFloat32 || y.size() == 0) return std::nullopt;
  const Index m = y.shape()[0], n = y.shape()[1], k = binding.in[0].shape()[op.trans_a ? 0 : 1];
  const bool has_c = binding.in.size() > 2 && binding.in[2];
  DeviceKernel::Parts parts{"gemm", {}};
  const Argument a = op.trans_a ? transposed(device, In{0}, k, m, parts) : Argument(In{0});
  const Argument b = op.trans_b ? transposed(device, In{1}, n, k, parts) : Argument(In{1});
  parts.launches.push_back(matmul_launch(device, a, b, Out{0}, {m, k, n}));
  if (op.alpha == 1 && !has_c) return parts;
  const Shape c = has_c ? broadcast_strides(binding.in[2].shape(), y.shape()) : Shape{0, 0};
  Launch end{"gemm",
             "gemm_end",
             {input_or_none(binding, 2), Out{0}, Ints{to_int(c[0]), to_int(c[1])}, to_int(n),
              op.alpha, op.beta}};
  set_elements(device, y.size(), end);
  parts.launches.push_back(std::move(end));
  return parts;
}

}  // namespace engine::opencl
