// The scalar text of RNN, GRU and LSTM (ops/recurrent.h states the order).
#include "ops/recurrent.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

/// One direction of one sample.
template <class Real, class T>
class Sequence {
 public:
  Sequence(const Recurrent& op, const RecurrentView& v, Inputs in, Index direction)
      : op_(op),
        v_(v),
        functions_(op.functions.data() + direction * op.functions_per_direction()),
        h_(size(v.hidden)),
        c_(size(v.hidden)),
        w_(size(v.gates * v.hidden)),
        r_(size(v.gates * v.hidden)),
        reset_(size(v.hidden)) {
    const Index rows = v.gates * v.hidden;
    weights_ = in[kW].as<T>() + direction * rows * v.inputs;
    recurrence_ = in[kR].as<T>() + direction * rows * v.hidden;
    if (has(in, kB)) bias_ = in[kB].as<T>() + direction * 2 * rows;
    if (has(in, kP)) peepholes_ = in[kP].as<T>() + direction * 3 * v.hidden;
  }

  static bool has(Inputs in, std::size_t i) { return i < in.size() && in[i]; }

  void start(const T* h, const T* c) {
    for (std::size_t u = 0; u < h_.size(); ++u) {
      h_[u] = h ? static_cast<Real>(h[u]) : Real(0);
      c_[u] = c ? static_cast<Real>(c[u]) : Real(0);
    }
  }

  void step(const T* x) {
    const Index hidden = v_.hidden;
    for (Index g = 0; g < v_.gates * hidden; ++g) {
      w_[size(g)] = chain(weights_ + g * v_.inputs, x, v_.inputs);
      r_[size(g)] = chain(recurrence_ + g * hidden, h_.data(), hidden);
    }
    if (op_.cell == Cell::kRnn) rnn();
    else if (op_.cell == Cell::kGru) gru();
    else lstm();
  }

  const std::vector<Real>& h() const noexcept { return h_; }
  const std::vector<Real>& c() const noexcept { return c_; }

 private:
  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }

  template <class U>
  static Real chain(const T* weights, const U* x, Index n) {
    Real sum = 0;
    for (Index i = 0; i < n; ++i)
      sum = std::fma(static_cast<Real>(x[i]), static_cast<Real>(weights[i]), sum);
    return sum;
  }
  Real bias_w(Index gate, Index u) const {
    return bias_ ? static_cast<Real>(bias_[gate * v_.hidden + u]) : Real(0);
  }
  Real bias_r(Index gate, Index u) const {
    return bias_ ? static_cast<Real>(bias_[(v_.gates + gate) * v_.hidden + u]) : Real(0);
  }
  Real argument(Index gate, Index u) const {
    const std::size_t at = size(gate * v_.hidden + u);
    return (w_[at] + r_[at]) + (bias_w(gate, u) + bias_r(gate, u));
  }
  Real peep(Index gate, Index u, Real c, Real x) const {
    return peepholes_ ? std::fma(static_cast<Real>(peepholes_[gate * v_.hidden + u]), c, x) : x;
  }
  Real apply(Index function, Real x) const {
    const GateFunction& f = functions_[function];
    const Real a = static_cast<Real>(f.alpha), b = static_cast<Real>(f.beta);
    if (f.scaled_tanh) return a * numerics::activate(numerics::Activation::kTanh, b * x, a, b);
    return numerics::activate(f.f, x, a, b);
  }
  Real gate(Index function, Real x) const {
    const Real bound = static_cast<Real>(op_.clip);
    if (op_.clips) x = numerics::activate(numerics::Activation::kClip, x, -bound, bound);
    return apply(function, x);
  }

  void rnn() {
    for (Index u = 0; u < v_.hidden; ++u) h_[size(u)] = gate(0, argument(0, u));
  }

  void gru() {
    const Index hidden = v_.hidden;
    for (Index u = 0; u < hidden; ++u) reset_[size(u)] = gate(0, argument(1, u));
    if (!op_.linear_before_reset) {
      std::vector<Real>& product = c_;  // GRU has no cell
      for (Index u = 0; u < hidden; ++u) product[size(u)] = reset_[size(u)] * h_[size(u)];
      for (Index g = 2 * hidden; g < 3 * hidden; ++g)
        r_[size(g)] = chain(recurrence_ + g * hidden, product.data(), hidden);
    }
    for (Index u = 0; u < hidden; ++u) {
      const Real z = gate(0, argument(0, u));
      const std::size_t at = size(2 * hidden + u);
      const Real x = op_.linear_before_reset
                         ? std::fma(reset_[size(u)], r_[at] + bias_r(2, u), w_[at] + bias_w(2, u))
                         : argument(2, u);
      h_[size(u)] = std::fma(z, h_[size(u)], (Real(1) - z) * gate(1, x));
    }
  }

  void lstm() {
    for (Index u = 0; u < v_.hidden; ++u) {
      Real& c = c_[size(u)];
      const Real i = gate(0, peep(0, u, c, argument(0, u)));
      const Real f = op_.input_forget ? Real(1) - i : gate(0, peep(2, u, c, argument(2, u)));
      c = std::fma(f, c, i * gate(1, argument(3, u)));
      h_[size(u)] = gate(0, peep(1, u, c, argument(1, u))) * apply(2, c);
    }
  }

  const Recurrent& op_;
  const RecurrentView& v_;
  const GateFunction* functions_;
  const T *weights_, *recurrence_, *bias_ = nullptr, *peepholes_ = nullptr;
  std::vector<Real> h_, c_, w_, r_, reset_;
};

template <class T, class Real>
void copy_state(const std::vector<Real>& state, T* to) {
  for (std::size_t u = 0; u < state.size(); ++u) to[u] = store<T>(state[u]);
}

template <class Real, class T>
void run_direction(const Recurrent& op, const RecurrentView& v, Inputs in, Outputs out, Index d) {
  const auto from = [&](std::size_t i, Index offset) -> const T* {
    return i < in.size() && in[i] ? in[i].as<T>() + offset : nullptr;
  };
  const auto to = [&](std::size_t i, Index offset) -> T* {
    return i < out.size() && out[i] ? out[i].as<T>() + offset : nullptr;
  };
  Sequence<Real, T> sequence(op, v, in, d);
  for (Index sample = 0; sample < v.batch; ++sample) {
    const bool ragged = in.size() > kLengths && in[kLengths];
    const Index length = ragged ? in[kLengths].as<std::int32_t>()[sample] : v.steps;
    const Index state = v.state_offset(d, sample);
    sequence.start(from(kH0, state), from(kC0, state));
    for (Index i = 0; i < v.steps; ++i) {
      if (i >= length) {
        if (T* y = to(0, v.y_offset(i, d, sample))) std::fill_n(y, v.hidden, store<T>(Real(0)));
        continue;
      }
      const Index step = op.backwards(d) ? length - 1 - i : i;
      sequence.step(in[kX].as<T>() + v.x_offset(step, sample));
      if (T* y = to(0, v.y_offset(step, d, sample))) copy_state(sequence.h(), y);
    }
    if (T* y = to(1, state)) copy_state(sequence.h(), y);
    if (T* y = to(2, state)) copy_state(sequence.c(), y);
  }
}

}  // namespace

template <class Real>
Fault Recurrent::compute(Inputs in, Outputs out) const {
  const RecurrentView v = view(in[kX].shape(), in[kR].shape());
  if (in.size() > kLengths && in[kLengths])
    if (const Fault fault = check_lengths(in[kLengths].as<std::int32_t>(), v); !fault.ok())
      return fault;
  dispatch_float(in[kX].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (Index d = 0; d < v.directions; ++d)
      run_direction<Compute<T, Real>, T>(*this, v, in, out, d);
  });
  return kNoFault;
}

template Fault Recurrent::compute<double>(Inputs, Outputs) const;
template Fault Recurrent::compute<float>(Inputs, Outputs) const;

}  // namespace engine::ops
