#include "ops/opencl/unary.h"

#include "ops/opencl/elementwise.h"
#include "ops/opencl/functions.h"
#include "ops/opencl/grid.h"
#include "ops/unary.h"

namespace engine::opencl {
namespace {

const char* kernel_of(numerics::Activation f) {
  using numerics::Activation;
  switch (f) {
#define ENGINE_ACTIVATION(name, function) \
  case Activation::name: return "unary_" #name;
    ENGINE_ACTIVATIONS(ENGINE_ACTIVATION)
#undef ENGINE_ACTIVATION
  }
  return "unary_kIdentity";
}

}  // namespace

Launch unary_launch(const Device& device, numerics::Activation f, float a, float b, Index elements,
                    Argument x, Argument y) {
  const Index vectors = vectors_of(elements), each = vectors_each(device, vectors);
  const bool board = device.variant() == Variant::kFpga;  // one kernel for all functions
  Launch launch{
      "unary", board ? "unary" : kernel_of(f), {x, y, to_int(vectors), to_int(each), a, b}};
  if (board) launch.arguments.emplace_back(static_cast<cl_int>(f));
  set_grid(device, (vectors + each - 1) / each, 1, launch);
  return launch;
}

std::optional<DeviceKernel::Parts> bind_unary(const Device& device, const Binding& binding) {
  if (dynamic_cast<const ops::Clip*>(&binding.op)) return clip_parts(device, binding);
  const auto* op = dynamic_cast<const ops::Unary*>(&binding.op);
  if (op && is_integer(binding.in[0].dtype)) return bind_integer_unary(device, binding);
  if (!op || binding.in[0].dtype != DType::kFloat32) return std::nullopt;
  return DeviceKernel::Parts{
      "unary",
      {unary_launch(device, op->f, op->a, op->b, binding.in[0].size(), In{0}, Out{0})},
      0,
      1u};
}

}  // namespace engine::opencl
