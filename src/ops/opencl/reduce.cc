#include "ops/reduce.h"

#include "ops/opencl/grid.h"

namespace engine::opencl {
namespace {

// Kernels reduce_rows_<name> and reduce_columns_<name>.
struct StepKernels {
  const char *rows, *columns;
};

StepKernels kernels_of(ops::Step step) {
  switch (step) {
#define ENGINE_STEP(step, name) \
  case ops::Step::step: return {"reduce_rows_" #name, "reduce_columns_" #name};
    ENGINE_STEP(kAdd, add)
    ENGINE_STEP(kAddAbs, add_abs)
    ENGINE_STEP(kAddSquare, add_square)
    ENGINE_STEP(kAddExp, add_exp)
    ENGINE_STEP(kMultiply, multiply)
    ENGINE_STEP(kMax, max)
    ENGINE_STEP(kMin, min)
#undef ENGINE_STEP
  }
  return {};
}

// Four extents, then as many steps; nothing if there are more.
std::optional<Ints> axes_of(const std::vector<ops::ReduceLayout::Axis>& axes) {
  constexpr std::size_t kMost = 4;
  if (axes.size() > kMost) return std::nullopt;
  Ints list = {1, 1, 1, 1};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t at = kMost - axes.size() + i;
    list[at] = to_int(axes[i].extent);
    list[at + kMost] = to_int(axes[i].stride);
  }
  return list;
}

}  // namespace

std::optional<DeviceKernel::Parts> bind_reduce(const Device& device, const Binding& binding) {
  const auto& op = static_cast<const ops::Reduce&>(binding.op);
  const ops::Input& x = binding.in[0];
  const bool has_axes = binding.in.size() > 1 && binding.in[1];
  if (x.dtype != DType::kFloat32 || x.size() == 0 || (has_axes && !binding.in[1].data))
    return std::nullopt;
  std::span<const Index> axes;
  if (has_axes) axes = {binding.in[1].as<Index>(), static_cast<std::size_t>(binding.in[1].size())};
  for (const Index axis : axes)
    if (axis < -x.rank() || axis >= x.rank()) return std::nullopt;
  const ops::ReduceLayout layout(x.shape(), op.reduced_axes(x.rank(), axes));
  const auto kept = axes_of(layout.kept), reduced = axes_of(layout.reduced);
  if (!kept || !reduced || layout.outputs() != binding.out[0].size()) return std::nullopt;
  const StepKernels kernels = kernels_of(op.step);
  Launch launch{"reduce",
                layout.rows ? kernels.rows : kernels.columns,
                {In{0}, Out{0}, *kept, *reduced, to_int(layout.reduced_positions()),
                 to_int(layout.inner), static_cast<cl_int>(op.finish), to_int(layout.count())}};
  if (layout.rows) {
    const Index outputs = layout.outputs(), each = rows_each(device, layout.count());
    launch.arguments.insert(launch.arguments.end(), {to_int(outputs), to_int(each)});
    set_grid(device, (outputs + each - 1) / each, 1, launch);
  } else {
    set_grid(device, vectors_of(layout.inner), layout.kept_positions(), launch);
  }
  return DeviceKernel::Parts{"reduce", {std::move(launch)}};
}

}  // namespace engine::opencl
