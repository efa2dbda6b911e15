#include "ops/recurrent.h"

#include "ops/opencl/grid.h"
#include "ops/opencl/products.h"

#include <limits>

namespace engine::opencl {
namespace {

using ops::Cell;
using ops::Recurrent;

Index padded(Index hidden) { return vectors_of(hidden) * numerics::kLanes; }

// Sigmoid, then tanh (RNN: tanh), the functions of the kernels.
bool usual_functions(const Recurrent& op) {
  using numerics::Activation;
  for (std::size_t i = 0; i < op.functions.size(); ++i) {
    const bool first = static_cast<Index>(i) % op.functions_per_direction() == 0;
    const bool sigmoid = first && op.cell != Cell::kRnn;
    if (op.functions[i].f != (sigmoid ? Activation::kSigmoid : Activation::kTanh) ||
        op.functions[i].scaled_tanh)
      return false;
  }
  return true;
}

// from [gates, hidden, depth] with padded gates, zeros behind each.
std::vector<float> pad_gates(const float* from, Index gates, Index hidden, Index depth) {
  const Index to_gate = padded(hidden) * depth, from_gate = hidden * depth;
  std::vector<float> to(static_cast<std::size_t>(gates * to_gate));
  for (Index gate = 0; from && gate < gates; ++gate)
    std::copy_n(from + gate * from_gate, from_gate, to.data() + gate * to_gate);
  return to;
}

// Of w and r added, of w, of r; [gates][padded] each.
std::vector<float> padded_biases(const float* b, Index gates, Index hidden) {
  const std::vector<float> w = pad_gates(b, gates, hidden, 1);
  const std::vector<float> r = pad_gates(b ? b + gates * hidden : nullptr, gates, hidden, 1);
  std::vector<float> all(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) all[i] = w[i] + r[i];
  all.insert(all.end(), w.begin(), w.end());
  all.insert(all.end(), r.begin(), r.end());
  return all;
}

// Buffers of one direction, in this order.
enum Part : std::size_t { kInputWeights, kRecurrence, kBiases, kPeepholes, kParts };

}  // namespace

std::shared_ptr<PackedBuffers> pack_recurrent(const Device& device, const ops::Operator& base,
                                              const ops::Operands& in) {
  const auto& op = static_cast<const Recurrent&>(base);
  if (in.dtype(ops::kX) != DType::kFloat32 || !usual_functions(op) || !device.has_kernel("lstm"))
    return nullptr;
  auto packed = std::make_shared<PackedBuffers>();
  for (const Index i : {ops::kW, ops::kR, ops::kB, ops::kP}) {
    if (in.has(i) && !in[i].value) return nullptr;
    if (in.has(i)) packed->consumed_inputs |= 1u << i;
  }
  const Shape &w = in[ops::kW].value->shape(), &r = in[ops::kR].value->shape();
  const Index gates = op.gates(), hidden = r[2], inputs = w[2];
  const auto data = [&](Index i, Index direction, Index each) -> const float* {
    return in.has(i) ? in[i].value->values<float>().data() + direction * each : nullptr;
  };
  const auto upload = [&](const std::vector<float>& values) {
    packed->buffers.push_back(device.upload(values.data(), values.size() * sizeof(float)));
  };
  const auto upload_matrix = [&](const float* matrix, Index depth) {
    const std::vector<float> rows = pad_gates(matrix, gates, hidden, depth);
    upload(packed_columns(rows.data(), true, depth, gates * padded(hidden)));
  };
  for (Index d = 0; d < r[0]; ++d) {
    upload_matrix(data(ops::kW, d, gates * hidden * inputs), inputs);
    upload_matrix(data(ops::kR, d, gates * hidden * hidden), hidden);
    upload(padded_biases(data(ops::kB, d, 2 * gates * hidden), gates, hidden));
    if (in.has(ops::kP)) upload(pad_gates(data(ops::kP, d, 3 * hidden), 3, hidden, 1));
    else packed->buffers.emplace_back();
  }
  return packed;
}

std::optional<DeviceKernel::Parts> bind_recurrent(const Device& device, const Binding& binding) {
  if (!binding.packed) return std::nullopt;
  constexpr const char* kNames[] = {"rnn", "gru", "lstm"};
  const auto& op = static_cast<const Recurrent&>(binding.op);
  const auto& packed = static_cast<const PackedBuffers&>(*binding.packed);
  const ops::RecurrentView v = op.view(binding.in[ops::kX].shape(), binding.in[ops::kR].shape());
  const Index n = padded(v.hidden), rows = v.steps * v.batch, columns = v.gates * n;
  const Index product_bytes = rows * columns * 4, state_bytes = v.batch * 4 * n * 4;
  if (product_bytes > std::numeric_limits<cl_int>::max()) return std::nullopt;
  std::size_t scratch = 0;
  const Scratch products = take_scratch(device, static_cast<std::size_t>(product_bytes), scratch);
  const Scratch state = take_scratch(device, static_cast<std::size_t>(state_bytes), scratch);
  const char* name = kNames[static_cast<std::size_t>(op.cell)];
  const float clip = op.clips ? op.clip : std::numeric_limits<float>::infinity();
  const bool variant = op.cell == Cell::kGru ? op.linear_before_reset : op.input_forget;
  DeviceKernel::Parts parts{name, {}, scratch};
  for (Index d = 0; d < v.directions; ++d) {
    const auto part = [&](Part i) {
      return packed.buffers[static_cast<std::size_t>(d) * kParts + i].get();
    };
    parts.launches.push_back(product_launch(device, In{ops::kX}, part(kInputWeights), products,
                                            rows, v.inputs, columns));
    const Ints shape = {to_int(v.steps),      to_int(v.batch), to_int(v.hidden), to_int(n),
                        to_int(v.directions), to_int(d),       op.backwards(d),  op.batch_first};
    Launch launch{"recurrent",
                  name,
                  {products, part(kRecurrence), part(kBiases), part(kPeepholes),
                   input_or_none(binding, ops::kH0), input_or_none(binding, ops::kC0),
                   input_or_none(binding, ops::kLengths), output_or_none(binding, 0),
                   output_or_none(binding, 1), output_or_none(binding, 2), state, Faults{}, shape,
                   cl_int{variant}, clip}};
    set_grid(device, v.batch, 1, launch);
    parts.launches.push_back(std::move(launch));
  }
  return parts;
}

}  // namespace engine::opencl
