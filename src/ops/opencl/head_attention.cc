#include "ops/head_attention.h"

#include "base/shape.h"
#include "ops/opencl/grid.h"

namespace engine::opencl {

std::optional<DeviceKernel::Parts> bind_head_attention(const Device& device,
                                                       const Binding& binding) {
  using ops::HeadAttention;
  if (binding.in[0].dtype != DType::kFloat32) return std::nullopt;
  const Shape& q = binding.in[HeadAttention::kQ].shape();
  const Shape& v = binding.in[HeadAttention::kV].shape();
  const Index samples = q[0], queries = q[1], heads = q[2], keys = v[1];
  const bool has_bias =
      binding.in.size() > HeadAttention::kBias && binding.in[HeadAttention::kBias];
  Shape steps(4, 0);
  if (has_bias)
    steps = broadcast_strides(binding.in[HeadAttention::kBias].shape(),
                              {samples, heads, queries, keys});
  const ops::ScoreScale& scale = static_cast<const HeadAttention&>(binding.op).scale;
  DeviceKernel::Parts parts{"head_attention", {}};
  parts.scratch =
      static_cast<std::size_t>(samples * heads * queries * vectors_of(keys) * numerics::kLanes) *
      sizeof(float);
  Launch launch{
      "head_attention",
      "head_attention",
      {In{HeadAttention::kQ}, In{HeadAttention::kK}, In{HeadAttention::kV},
       has_bias ? In{HeadAttention::kBias} : In{HeadAttention::kQ}, Out{0},
       Scratch{0, parts.scratch},
       Ints{to_int(queries), to_int(keys), to_int(heads), to_int(q[3]), to_int(v[3]),
            cl_int{scale.divides}, cl_int{has_bias}},
       Ints{to_int(steps[0]), to_int(steps[1]), to_int(steps[2]), to_int(steps[3])}, scale.factor}};
  set_grid(device, queries, samples * heads, launch);
  parts.launches.push_back(std::move(launch));
  return parts;
}

}  // namespace engine::opencl
