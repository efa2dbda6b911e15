#include "ops/softmax.h"

#include "ops/opencl/grid.h"

namespace engine::opencl {

std::optional<DeviceKernel::Parts> bind_softmax(const Device& device, const Binding& binding) {
  if (binding.in[0].dtype != DType::kFloat32) return std::nullopt;
  const auto& op = static_cast<const ops::Softmax&>(binding.op);
  const AxisView x = op.slices(binding.in[0].shape());
  constexpr Index kNarrow = 8;
  const bool narrow = x.inner == 1 && x.n <= kNarrow && x.outer > 1;
  Launch launch{"softmax",
                narrow         ? "softmax_narrow"
                : x.inner == 1 ? "softmax_rows"
                               : "softmax_columns",
                {In{0}, Out{0}}};
  std::vector<Argument>& arguments = launch.arguments;
  if (x.inner == 1) {
    const Index rows = narrow ? vectors_of(x.outer) : x.outer;
    const Index each = narrow ? vectors_each(device, rows) : rows_each(device, x.n);
    arguments.insert(arguments.end(), {to_int(x.outer), to_int(x.n), to_int(each), cl_int{op.log}});
    set_grid(device, (rows + each - 1) / each, 1, launch);
  } else {
    arguments.insert(arguments.end(), {to_int(x.n), to_int(x.inner), cl_int{op.log}});
    set_grid(device, vectors_of(x.inner), x.outer, launch);
  }
  return DeviceKernel::Parts{"softmax", {std::move(launch)}, 0, 1u};
}

}  // namespace engine::opencl
