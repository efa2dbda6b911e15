#include "ops/loss.h"

#include "ops/opencl/grid.h"

#include <limits>

namespace engine::opencl {

std::optional<DeviceKernel::Parts> bind_loss(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Loss&>(binding.op);
  const Index ignored = op.ignore_index.value_or(0), labels = binding.in[1].size();
  const bool fits = ignored >= std::numeric_limits<cl_int>::min() &&
                    ignored <= std::numeric_limits<cl_int>::max();
  if (binding.in[0].dtype != DType::kFloat32 || !binding.out[0] || !fits || labels == 0)
    return std::nullopt;
  const AxisView view = split_at(binding.in[0].shape(), 1);
  const bool reduces = op.reduction != ops::LossReduction::kNone;
  const cl_int how = (op.with_softmax ? 1 : 0) | (binding.in[1].dtype == DType::kInt64 ? 2 : 0) |
                     (op.ignore_index ? 4 : 0);
  const std::size_t bytes = static_cast<std::size_t>(labels) * sizeof(float);
  DeviceKernel::Parts parts{"loss", {}};
  const auto take = [&] { return Argument(take_scratch(device, bytes, parts.scratch)); };
  const Argument values = reduces ? take() : Argument(Out{0});
  const Argument shares = reduces ? take() : Argument(cl_mem{nullptr});
  Launch each_label{
      "loss",
      "loss_values",
      {In{0}, In{1}, input_or_none(binding, 2), values, shares, output_or_none(binding, 1),
       Faults{}, to_int(view.n), to_int(view.inner), how, to_int(ignored)}};
  set_elements(device, labels, each_label, std::max<Index>(1, 1024 / std::max<Index>(1, view.n)));
  parts.launches.push_back(std::move(each_label));
  if (!reduces) return parts;
  const bool mean = op.reduction == ops::LossReduction::kMean;
  Launch total{"loss", "loss_total", {values, shares, Out{0}, to_int(labels), cl_int{mean}}};
  set_grid(device, 1, 1, total);
  parts.launches.push_back(std::move(total));
  return parts;
}

}  // namespace engine::opencl
