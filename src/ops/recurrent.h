// Recurrent layers: RNN, GRU and LSTM.
//
//   x        [steps, n, inputs]                any float type
//   w        [directions, gates * hidden, inputs]
//   r        [directions, gates * hidden, hidden]
//   b        [directions, 2 * gates * hidden]  optional: the biases of w, then those of r
//   lengths  [n]                               int32, optional: steps of each sequence
//   h0, c0   [directions, n, hidden]           optional (c0: LSTM)
//   p        [directions, 3 * hidden]          optional peepholes i, o, f (LSTM)
//   y        [steps, directions, n, hidden]    optional; 0 behind a sequence's end
//   y_h, y_c [directions, n, hidden]           optional: state after the last step
//
// With layout 1 the axis n comes first everywhere. Gates: RNN 1; GRU z r h; LSTM i o f c. The
// reverse direction starts at a sequence's own last step. Meaning: ONNX RNN, GRU, LSTM opset 22.
// `clip` bounds the arguments of gate functions, but not the cell that LSTM's h takes.
//
// Order, with W = chain of fma over inputs, R = chain of fma over hidden, both from +0:
//   a gate's argument      (W + R) + (wb + rb), absent biases are +0; then clip
//   LSTM peepholes         fma(p, c, argument) before clip, o with the new c
//   LSTM                   c' = fma(f, c, i c~), f = 1 - i with input_forget; h' = o h(c')
//   GRU h~                 argument with R over (r h), or with linear_before_reset
//                          fma(r, R + rb, W + wb)
//   GRU                    h' = fma(z, h, (1 - z) h~)
// Nothing here depends on other samples, and W not on other steps.
#pragma once

#include "numerics/activation.h"
#include "ops/attributes.h"
#include "ops/operator.h"

namespace engine::ops {

enum class Cell : std::uint8_t { kRnn, kGru, kLstm };

/// Function of a gate; ScaledTanh is alpha tanh(beta x).
struct GateFunction {
  numerics::Activation f = numerics::Activation::kTanh;
  float alpha = 0, beta = 0;
  bool scaled_tanh = false;
};

/// Extents and offsets of one call.
struct RecurrentView {
  Index steps, batch, inputs, hidden, directions, gates;
  bool batch_first;

  Index x_offset(Index step, Index sample) const noexcept {
    return (batch_first ? sample * steps + step : step * batch + sample) * inputs;
  }
  Index y_offset(Index step, Index direction, Index sample) const noexcept {
    return (batch_first ? (sample * steps + step) * directions + direction
                        : (step * directions + direction) * batch + sample) *
           hidden;
  }
  Index state_offset(Index direction, Index sample) const noexcept {
    return (batch_first ? sample * directions + direction : direction * batch + sample) * hidden;
  }
};

class Recurrent final : public ComputingOperator<Recurrent> {
 public:
  Recurrent(Cell cell, const Attributes& attributes);

  std::string_view name() const noexcept override;
  std::vector<TensorType> infer(const Operands& in, Index outputs) const override;
  Index flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
  std::string describe() const override;
  template <class Real>
  Fault compute(Inputs in, Outputs out) const;

  RecurrentView view(const Shape& x, const Shape& r) const;
  Index gates() const noexcept { return cell == Cell::kRnn ? 1 : cell == Cell::kGru ? 3 : 4; }
  Index functions_per_direction() const noexcept {
    return cell == Cell::kRnn ? 1 : cell == Cell::kGru ? 2 : 3;
  }
  /// Whether direction `d` of the node runs backwards in time.
  bool backwards(Index d) const noexcept { return reverse || d == 1; }

  Cell cell;
  bool reverse = false, bidirectional = false, batch_first = false;
  bool linear_before_reset = false, input_forget = false;
  bool clips = false;
  float clip = 0;
  Index hidden = 0;                     ///< 0: taken from r
  std::vector<GateFunction> functions;  ///< those of the second direction behind those of the first
};

extern template Fault Recurrent::compute<double>(Inputs, Outputs) const;
extern template Fault Recurrent::compute<float>(Inputs, Outputs) const;

/// Positions of a node's inputs.
enum RecurrentInput : unsigned { kX, kW, kR, kB, kLengths, kH0, kC0, kP };

/// The length of each sequence within [0, steps], else the fault.
Fault check_lengths(const std::int32_t* lengths, const RecurrentView& view) noexcept;

}  // namespace engine::ops
