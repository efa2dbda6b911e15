// RNN, GRU and LSTM on the CPU, float32 with constant weights. The hidden units lie in the lanes;
// the products with w are made for a chunk of steps at once, those with r step by step for some
// samples together. Every sum is the chain that ops/recurrent.h states, whatever the grouping.
#define ENGINE_ISA_FILE "ops/cpu/recurrent.cc"
#include "ops/cpu/simd/foreach_isa.h"
#include "ops/cpu/recurrent.h"

#include "ops/cpu/simd/vec.inc"
#include "ops/cpu/simd/elementary.inc"
#include "ops/cpu/simd/tile.inc"

ENGINE_BEGIN_ISA

/// Accumulators of a tile, about half of the registers, and the most rows that it has.
inline constexpr int kSums = ENGINE_ISA_ID == 2 ? 16 : ENGINE_ISA_ID == 0 ? 1 : 4;
inline constexpr int kTileRows = 8;

/// y[row][column] = chain over k of a[row][k] * w[k][column], for all columns of w.
struct Product {
  const PackedMatrix* w;
  const float* a;
  Index a_row, rows;
  float* y;
  Index y_row;
};

template <int MR, int NV>
void product_tile(const Product& p, Index row, Index block) noexcept {
  Vec sums[MR][NV];
  const Index k = p.w->k;
  tile_chain<MR, NV>({p.a + row * p.a_row, p.a_row, 1},
                     {p.w->block(block), kVecLanes, k * kVecLanes}, k, sums);
#pragma GCC unroll 8
  for (int r = 0; r < MR; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v)
      store(p.y + (row + r) * p.y_row + (block + v) * kVecLanes, sums[r][v]);
}

/// The rows from `row` on of NV blocks, MR at a time and then fewer.
template <int NV, int MR>
void product_rows(const Product& p, Index row, Index block) noexcept {
  for (; p.rows - row >= MR; row += MR) product_tile<MR, NV>(p, row, block);
  if constexpr (MR > 1) product_rows<NV, MR / 2>(p, row, block);
}

/// The blocks from `block` on, NV at a time and then fewer.
template <int NV>
void product_blocks(const Product& p, Index block) noexcept {
  for (; p.w->blocks() - block >= NV; block += NV)
    product_rows<NV, std::min(kSums / NV, kTileRows)>(p, 0, block);
  if constexpr (NV > 1) product_blocks<NV / 2>(p, block);
}

/// Tiles of many rows read weights seldom, those of few have as many chains by more columns.
template <int NV = std::min(kSums, 8)>
void multiply(const Product& p) noexcept {
  constexpr int kRows = kSums / NV;
  if constexpr (NV > 1 && 2 * kRows <= kTileRows)
    if (p.rows >= 2 * kRows) return multiply<NV / 2>(p);
  product_blocks<NV>(p, 0);
}

// Any function, and so a long text: called, not inlined into every gate.
[[gnu::noinline]] Vec gate_function(const ops::GateFunction& f, const Vec& x) noexcept {
  const Vec a = fill(f.alpha), b = fill(f.beta);
  if (f.scaled_tanh) return mul(a, p_tanh(mul(b, x)));
  return activate(f.f, x, a, b);
}

/// Functions of the gates: those that attributes name, or (kUsual) the default ones without clip,
/// which are inlined so that several gates proceed at once.
template <bool kUsual>
struct Gates {
  const ops::Recurrent& op;
  const ops::GateFunction* functions;

  ENGINE_INLINE Vec function(int i, const Vec& x) const {
    if constexpr (!kUsual) return gate_function(functions[i], x);
    else return i == 0 && op.cell != ops::Cell::kRnn ? p_sigmoid(x) : p_tanh(x);
  }
  ENGINE_INLINE Vec operator()(int i, Vec x) const {
    if (!kUsual && op.clips) x = p_clip(x, fill(-op.clip), fill(op.clip));
    return function(i, x);
  }
};

/// The buffers of one task and the step of one sample from the products of w and r.
template <bool kUsual>
struct Frame {
  const RecurrentTask& t;
  Gates<kUsual> gate;
  Index padded, columns, x_row;
  float* chunk;            ///< products with w [kChunkRows][columns]
  float* x;                ///< what they are made of [kChunkRows][x_row]
  float* r;                ///< products with r [samples][columns]
  float *h, *c, *product;  ///< [samples][padded]

  explicit Frame(const RecurrentTask& task)
      : t(task),
        gate{*task.op,
             task.op->functions.data() + task.direction * task.op->functions_per_direction()},
        padded(task.padded),
        columns(task.padded * task.op->gates()),
        x_row(task.weights->w.k) {
    chunk = task.scratch;
    x = chunk + kChunkRows * columns;
    r = x + kChunkRows * x_row;
    h = r + task.samples * columns;
    c = h + task.samples * padded;
    product = c + task.samples * padded;
  }

  ENGINE_INLINE Vec argument(const float* w, const float* ready, Index at) const noexcept {
    return add(add(load(w + at), load(ready + at)), load(t.weights->bias.data() + at));
  }
  ENGINE_INLINE Vec peep(Index number, Index u, const Vec& cell, const Vec& x) const noexcept {
    const std::vector<float>& p = t.weights->peepholes;
    return p.empty() ? x : fma(load(p.data() + number * padded + u), cell, x);
  }

  void rnn(const float* w, Index s) const noexcept {
    for (Index u = 0; u < padded; u += kVecLanes)
      store(h + s * padded + u, gate(0, argument(w, r + s * columns, u)));
  }

  // The output gate waits in h for the function of the new state: in one loop the two would be a
  // chain too long for the processor to look past.
  void lstm(const float* w, Index s) const noexcept {
    const float* ready = r + s * columns;
    for (Index u = 0; u < padded; u += kVecLanes) {
      const Vec cell = load(c + s * padded + u);
      const Vec i = gate(0, peep(0, u, cell, argument(w, ready, u)));
      const Vec f = t.op->input_forget
                        ? sub(fill(1.0f), i)
                        : gate(0, peep(2, u, cell, argument(w, ready, 2 * padded + u)));
      const Vec in = mul(i, gate(1, argument(w, ready, 3 * padded + u)));
      const Vec next = fma(f, cell, in);
      const Vec o = gate(0, peep(1, u, next, argument(w, ready, padded + u)));
      store(c + s * padded + u, next);
      store(h + s * padded + u, o);
    }
  }
  void lstm_output(Index s) const noexcept {
    for (Index u = 0; u < padded; u += kVecLanes) {
      float* state = h + s * padded + u;
      store(state, mul(load(state), gate.function(2, load(c + s * padded + u))));
    }
  }

  /// product = r h, the row that the hidden gate's recurrence takes.
  void gru_reset(const float* w, Index s) const noexcept {
    for (Index u = 0; u < padded; u += kVecLanes) {
      const Vec reset = gate(0, argument(w, r + s * columns, padded + u));
      store(product + s * padded + u, mul(reset, load(h + s * padded + u)));
    }
  }
  // The gates of the hidden unit and its argument, where the products were.
  void gru(const float* w, Index s) const noexcept {
    float* ready = r + s * columns;
    for (Index u = 0; u < padded; u += kVecLanes) {
      const Index at = 2 * padded + u;
      const Vec z = gate(0, argument(w, ready, u));
      Vec x;
      if (t.op->linear_before_reset) {
        const Vec reset = gate(0, argument(w, ready, padded + u));
        x = fma(reset, add(load(ready + at), load(t.weights->bias_r.data() + u)),
                add(load(w + at), load(t.weights->bias_w.data() + u)));
      } else {
        x = argument(w, ready, at);
      }
      store(ready + u, z);
      store(ready + at, x);
    }
  }
  void gru_output(Index s) const noexcept {
    const float* ready = r + s * columns;
    for (Index u = 0; u < padded; u += kVecLanes) {
      const Vec z = load(ready + u);
      const Vec fresh = mul(sub(fill(1.0f), z), gate(1, load(ready + 2 * padded + u)));
      float* state = h + s * padded + u;
      store(state, fma(z, load(state), fresh));
    }
  }
};

/// The steps [first, last) of a task, counted in the direction of time that it runs in.
template <bool kUsual>
void run_chunk(const RecurrentTask& t, const Frame<kUsual>& f, const Index* lengths, Index first,
               Index last) noexcept {
  const ops::RecurrentView& v = *t.view;
  const bool backwards = t.op->backwards(t.direction);
  // A sequence that has ended keeps its place in the group, on any step's input.
  const auto position = [&](Index step, Index s) {
    return step >= lengths[s] ? 0 : backwards ? lengths[s] - 1 - step : step;
  };
  float* x = f.x;
  for (Index step = first; step < last; ++step)
    for (Index s = 0; s < t.samples; ++s, x += f.x_row)
      std::copy_n(t.x + v.x_offset(position(step, s), t.first + s), f.x_row, x);
  multiply({&t.weights->w, f.x, f.x_row, (last - first) * t.samples, f.chunk, f.columns});
  for (Index step = first; step < last; ++step) {
    const float* w = f.chunk + (step - first) * t.samples * f.columns;
    multiply({&t.weights->r, f.h, f.padded, t.samples, f.r, f.columns});
    if (t.weights->r_last.n > 0) {
      for (Index s = 0; s < t.samples; ++s) f.gru_reset(w + s * f.columns, s);
      multiply({&t.weights->r_last, f.product, f.padded, t.samples, f.r + 2 * f.padded, f.columns});
    }
    for (Index s = 0; s < t.samples; ++s) {
      if (step >= lengths[s]) continue;
      const float* products = w + s * f.columns;
      if (t.op->cell == ops::Cell::kRnn) f.rnn(products, s);
      else if (t.op->cell == ops::Cell::kGru) f.gru(products, s);
      else f.lstm(products, s);
    }
    for (Index s = 0; s < t.samples; ++s) {
      if (step >= lengths[s]) continue;
      if (t.op->cell == ops::Cell::kGru) f.gru_output(s);
      else if (t.op->cell == ops::Cell::kLstm) f.lstm_output(s);
      if (t.y)
        std::copy_n(f.h + s * f.padded, v.hidden,
                    t.y + v.y_offset(position(step, s), t.direction, t.first + s));
    }
  }
}

template <bool kUsual>
void run_task(const RecurrentTask& t) noexcept {
  const ops::RecurrentView& v = *t.view;
  const Frame<kUsual> f(t);
  Index lengths[kMostSamples], longest = 0;
  const auto load_state = [&](const float* from, Index s, float* to) {
    std::fill_n(to, f.padded, 0.0f);
    if (from) std::copy_n(from + v.state_offset(t.direction, t.first + s), v.hidden, to);
  };
  for (Index s = 0; s < t.samples; ++s) {
    lengths[s] = t.lengths ? t.lengths[t.first + s] : v.steps;
    longest = std::max(longest, lengths[s]);
    load_state(t.h0, s, f.h + s * f.padded);
    load_state(t.c0, s, f.c + s * f.padded);
  }
  const Index chunk = kChunkRows / t.samples;
  for (Index step = 0; step < longest; step += chunk)
    run_chunk(t, f, lengths, step, std::min(step + chunk, longest));
  for (Index s = 0; s < t.samples; ++s) {
    const Index sample = t.first + s, state = v.state_offset(t.direction, sample);
    for (Index step = lengths[s]; t.y && step < v.steps; ++step)
      std::fill_n(t.y + v.y_offset(step, t.direction, sample), v.hidden, 0.0f);
    if (t.y_h) std::copy_n(f.h + s * f.padded, v.hidden, t.y_h + state);
    if (t.y_c) std::copy_n(f.c + s * f.padded, v.hidden, t.y_c + state);
  }
}
void run_recurrent(const RecurrentTask& t) noexcept {
  if (t.usual) run_task<true>(t);
  else run_task<false>(t);
}

ENGINE_END_ISA

#if ENGINE_LAST_ISA
namespace engine::cpu {
namespace {

constexpr Index round_up(Index n) {
  return (n + numerics::kLanes - 1) / numerics::kLanes * numerics::kLanes;
}

/// Gates [first, last) of weights [gates * hidden, depth], each padded with columns of zeros.
PackedMatrix pack_gates(const float* weights, Index first, Index last, Index hidden, Index depth) {
  const Index padded = round_up(hidden), blocks = padded / PackedMatrix::kBlock;
  PackedMatrix packed(depth, (last - first) * padded);
  for (Index gate = first; gate < last; ++gate)
    for (Index j = 0; j < blocks; ++j)
      pack_block(weights + gate * hidden * depth, 1, depth, depth, hidden, j,
                 packed.block((gate - first) * blocks + j));
  return packed;
}

/// to[gate * padded + u] = from[gate * hidden + u].
std::vector<float> pad_gates(const float* from, Index gates, Index hidden) {
  std::vector<float> to(static_cast<std::size_t>(gates * round_up(hidden)), 0.0f);
  for (Index gate = 0; from && gate < gates; ++gate)
    std::copy_n(from + gate * hidden, hidden, to.data() + gate * round_up(hidden));
  return to;
}

/// Sigmoid, then tanh (RNN: tanh), without clip.
bool usual_functions(const ops::Recurrent& op) {
  using numerics::Activation;
  if (op.clips) return false;
  for (std::size_t i = 0; i < op.functions.size(); ++i) {
    const bool first = static_cast<Index>(i) % op.functions_per_direction() == 0;
    const bool sigmoid = first && op.cell != ops::Cell::kRnn;
    if (op.functions[i].f != (sigmoid ? Activation::kSigmoid : Activation::kTanh) ||
        op.functions[i].scaled_tanh)
      return false;
  }
  return true;
}

class RecurrentKernel final : public Kernel {
 public:
  RecurrentKernel(const Binding& binding, Isa isa)
      : op_(static_cast<const ops::Recurrent&>(binding.op)),
        packed_(static_cast<const PackedRecurrent&>(*binding.packed)),
        view_(op_.view(binding.in[ops::kX].shape(), binding.in[ops::kR].shape())),
        isa_(isa),
        usual_(usual_functions(op_)) {
    for (std::size_t i = 0; i < binding.in.size() && i < std::size(has_in_); ++i)
      has_in_[i] = static_cast<bool>(binding.in[i]);
    for (std::size_t i = 0; i < binding.out.size() && i < std::size(has_out_); ++i)
      has_out_[i] = static_cast<bool>(binding.out[i]);
  }

  Fault run(const Call& call) const noexcept override {
    const auto input = [&](unsigned i) { return has_in_[i] ? call.in[i] : nullptr; };
    const auto output = [&](unsigned i) {
      return static_cast<float*>(has_out_[i] ? call.out[i] : nullptr);
    };
    const auto* lengths = static_cast<const std::int32_t*>(input(ops::kLengths));
    if (const Fault fault = check_lengths(lengths, view_); !fault.ok()) return fault;
    // Few samples are spread over the threads, many are grouped.
    const Index threads = call.pool.concurrency(), directions = view_.directions;
    const Index share = (view_.batch * directions + threads - 1) / threads;
    const Index most = std::clamp<Index>(share, 1, kMostSamples);
    const Index groups = (view_.batch + most - 1) / most;
    const Index group = (view_.batch + groups - 1) / groups;
    const Index tasks = groups * directions, parts = std::min(tasks, threads);
    const auto run_task = ENGINE_KERNEL(isa_, run_recurrent);
    call.pool.parallel(parts, [&](Index part) {
      for (Index i = tasks * part / parts; i < tasks * (part + 1) / parts; ++i) {
        const Index d = i / groups, first = i % groups * group;
        run_task({&op_, &view_, &packed_.directions[static_cast<std::size_t>(d)], packed_.padded, d,
                  first, std::min(group, view_.batch - first),
                  static_cast<const float*>(call.in[ops::kX]),
                  static_cast<const float*>(input(ops::kH0)),
                  static_cast<const float*>(input(ops::kC0)), output(0), output(1), output(2),
                  lengths, reinterpret_cast<float*>(call.scratch) + part * scratch_floats(),
                  usual_});
      }
    });
    return ops::kNoFault;
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return static_cast<std::size_t>(threads * scratch_floats()) * sizeof(float);
  }
  std::string name() const override {
    const char* names[] = {"rnn", "gru", "lstm"};
    return kernel_name(names[static_cast<std::size_t>(op_.cell)], isa_);
  }

 private:
  Index scratch_floats() const noexcept {
    return recurrent_scratch(view_.inputs, packed_.padded * op_.gates(), packed_.padded);
  }

  const ops::Recurrent& op_;
  const PackedRecurrent& packed_;
  ops::RecurrentView view_;
  Isa isa_;
  bool usual_, has_in_[8] = {}, has_out_[3] = {};
};

}  // namespace

std::shared_ptr<const Packed> pack_recurrent(const ops::Operator& base, const ops::Operands& in) {
  const auto& op = static_cast<const ops::Recurrent&>(base);
  if (in.dtype(ops::kX) != DType::kFloat32) return nullptr;
  auto packed = std::make_shared<PackedRecurrent>();
  for (const Index i : {ops::kW, ops::kR, ops::kB, ops::kP}) {
    if (in.has(i) && !in[i].value) return nullptr;
    if (in.has(i)) packed->consumed_inputs |= 1u << i;
  }
  const auto data = [&](Index i) {
    return in.has(i) ? in[i].value->values<float>().data() : nullptr;
  };
  const Shape &w = in[ops::kW].value->shape(), &r = in[ops::kR].value->shape();
  const Index gates = op.gates(), hidden = r[2], inputs = w[2], rows = gates * hidden;
  packed->padded = round_up(hidden);
  const bool split = op.cell == ops::Cell::kGru && !op.linear_before_reset;
  for (Index d = 0; d < r[0]; ++d) {
    RecurrentDirection direction;
    const float* recurrence = data(ops::kR) + d * rows * hidden;
    direction.w = pack_gates(data(ops::kW) + d * rows * inputs, 0, gates, hidden, inputs);
    direction.r = pack_gates(recurrence, 0, split ? 2 : gates, hidden, hidden);
    if (split) direction.r_last = pack_gates(recurrence, 2, 3, hidden, hidden);
    const float* b = in.has(ops::kB) ? data(ops::kB) + 2 * d * rows : nullptr;
    direction.bias = pad_gates(b, gates, hidden);
    const std::vector<float> of_r = pad_gates(b ? b + rows : nullptr, gates, hidden);
    if (op.cell == ops::Cell::kGru) {
      const auto last = 2 * packed->padded;
      direction.bias_w.assign(direction.bias.begin() + last, direction.bias.end());
      direction.bias_r.assign(of_r.begin() + last, of_r.end());
    }
    for (std::size_t i = 0; i < of_r.size(); ++i) direction.bias[i] = direction.bias[i] + of_r[i];
    if (in.has(ops::kP)) direction.peepholes = pad_gates(data(ops::kP) + d * 3 * hidden, 3, hidden);
    packed->directions.push_back(std::move(direction));
  }
  return packed;
}

std::unique_ptr<Kernel> bind_recurrent(const Binding& binding, Isa isa) {
  if (!binding.packed) return nullptr;
  return std::make_unique<RecurrentKernel>(binding, isa);
}

}  // namespace engine::cpu
#endif
