#include "ops/recurrent.h"

#include <algorithm>
#include <cctype>

namespace engine::ops {
namespace {

using numerics::Activation;

struct NamedFunction {
  const char* name;  ///< in lower case; the comparison ignores case
  Activation f;
  bool takes_alpha, takes_beta;
  float alpha, beta;
};
constexpr NamedFunction kFunctions[] = {
    {"relu", Activation::kRelu, false, false, 0, 0},
    {"tanh", Activation::kTanh, false, false, 0, 0},
    {"sigmoid", Activation::kSigmoid, false, false, 0, 0},
    {"affine", Activation::kAffine, true, true, 1, 0},
    {"leakyrelu", Activation::kLeakyRelu, true, false, 0.01f, 0},
    {"thresholdedrelu", Activation::kThresholdedRelu, true, false, 1, 0},
    {"scaledtanh", Activation::kTanh, true, true, 1, 1},
    {"hardsigmoid", Activation::kHardSigmoid, true, true, 0.2f, 0.5f},
    {"elu", Activation::kElu, true, false, 1, 0},
    {"softsign", Activation::kSoftsign, false, false, 0, 0},
    {"softplus", Activation::kSoftplus, false, false, 0, 0},
};

// The values of activation_alpha and activation_beta go to the functions that take one, in order.
std::vector<GateFunction> parse_functions(const Attributes& a, std::vector<std::string> names) {
  const std::vector<float> alphas = a.numbers("activation_alpha"),
                           betas = a.numbers("activation_beta");
  std::size_t next_alpha = 0, next_beta = 0;
  std::vector<GateFunction> list;
  for (std::string& name : names) {
    const std::string given = name;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto it = std::ranges::find(kFunctions, std::string_view(name),
                                      [](const auto& f) { return std::string_view(f.name); });
    ENGINE_VALIDATE(it != std::end(kFunctions), "activation '", given, "' does not exist");
    GateFunction f{it->f, it->alpha, it->beta, name == "scaledtanh"};
    if (it->takes_alpha && next_alpha < alphas.size()) f.alpha = alphas[next_alpha++];
    if (it->takes_beta && next_beta < betas.size()) f.beta = betas[next_beta++];
    list.push_back(f);
  }
  return list;
}

// Checks one axis of a tensor and learns its extent.
void unify(Dim& known, const TensorType& type, std::size_t axis, Index factor, const char* name) {
  if (!type.ranked || !type.dims[axis].known()) return;
  const Index extent = type.dims[axis].value();
  ENGINE_VALIDATE(
      extent % factor == 0 && (!known.known() || known.value() == extent / factor), name, " is ",
      to_string(type), " (axis ", axis, " should be ",
      known.known() ? to_string(Dim(known.value() * factor)) : concat("a multiple of ", factor),
      ")");
  known = extent / factor;
}

}  // namespace

Recurrent::Recurrent(Cell cell, const Attributes& a) : cell(cell) {
  const std::string direction = a.text("direction", "forward");
  reverse = direction == "reverse";
  bidirectional = direction == "bidirectional";
  ENGINE_VALIDATE(reverse || bidirectional || direction == "forward", "direction is '", direction,
                  "' (forward, reverse or bidirectional needed)");
  const Index layout = a.integer("layout", 0);
  ENGINE_VALIDATE(layout == 0 || layout == 1, "layout is ", layout, " (0 or 1 needed)");
  batch_first = layout == 1;
  linear_before_reset = cell == Cell::kGru && a.flag("linear_before_reset", false);
  input_forget = cell == Cell::kLstm && a.flag("input_forget", false);
  clips = a.has("clip");
  clip = a.number("clip", 0);
  // A clip of 0 means none, as exporters write it.
  ENGINE_VALIDATE(!(clip < 0), "clip is ", clip, " (must not be negative)");
  clips = clips && clip > 0;
  constexpr Index kMostHidden = Index{1} << 31;
  if (a.has("hidden_size")) {
    hidden = a.integer("hidden_size");
    ENGINE_VALIDATE(hidden > 0 && hidden <= kMostHidden, "hidden_size is ", hidden,
                    " (must be positive)");
  }
  std::vector<std::string> names = a.texts("activations");
  const std::size_t directions = bidirectional ? 2 : 1;
  const auto per_direction = static_cast<std::size_t>(functions_per_direction());
  if (names.empty())
    for (std::size_t i = 0; i < directions * per_direction; ++i)
      names.push_back(cell != Cell::kRnn && i % per_direction == 0 ? "Sigmoid" : "Tanh");
  ENGINE_VALIDATE(names.size() >= directions * per_direction, "activations has ", names.size(),
                  " names, ", directions * per_direction, " needed");
  names.resize(directions * per_direction);  // RNN's default lists two for one direction as well
  functions = parse_functions(a, std::move(names));
}

std::string_view Recurrent::name() const noexcept {
  return cell == Cell::kRnn ? "RNN" : cell == Cell::kGru ? "GRU" : "LSTM";
}

RecurrentView Recurrent::view(const Shape& x, const Shape& r) const {
  return {x[batch_first ? 1 : 0], x[batch_first ? 0 : 1], x[2], r[2], r[0], gates(), batch_first};
}

std::vector<TensorType> Recurrent::infer(const Operands& in, Index outputs) const {
  constexpr const char* kNames[] = {"X",         "W",         "R", "B", "sequence_lens",
                                    "initial_h", "initial_c", "P"};
  constexpr Index kRanks[] = {3, 3, 3, 2, 1, 3, 3, 2};
  require_type(in, 0, "X", is_float, "a float type");
  for (Index i = 0; i < in.size(); ++i) {
    if (!in.has(i)) continue;
    const char* name = kNames[static_cast<std::size_t>(i)];
    if (i == kLengths)
      ENGINE_VALIDATE(in.dtype(i) == DType::kInt32, name, " is ", to_string(in.dtype(i)),
                      ", int32 needed");
    else require_same_type(in, 0, "X", i, name);
    require_rank(in, i, name, kRanks[static_cast<std::size_t>(i)]);
  }
  const TensorType& x = in.type(kX);
  const std::size_t time = batch_first ? 1 : 0;
  Dim steps = x.ranked ? x.dims[time] : Dim::unknown();
  Dim batch = x.ranked ? x.dims[1 - time] : Dim::unknown();
  Dim inputs = x.ranked ? x.dims[2] : Dim::unknown();
  Dim size = hidden > 0 ? Dim(hidden) : Dim::unknown(), directions(bidirectional ? 2 : 1);
  unify(size, in.type(kR), 2, 1, "R");
  unify(size, in.type(kR), 1, gates(), "R");
  unify(size, in.type(kW), 1, gates(), "W");
  unify(inputs, in.type(kW), 2, 1, "W");
  if (in.has(kB)) unify(size, in.type(kB), 1, 2 * gates(), "B");
  if (in.has(kP)) unify(size, in.type(kP), 1, 3, "P");
  for (const Index i : {kW, kR, kB, kP})
    if (in.has(i)) unify(directions, in.type(i), 0, 1, kNames[i]);
  if (in.has(kLengths)) unify(batch, in.type(kLengths), 0, 1, "sequence_lens");
  for (const Index i : {kH0, kC0}) {
    if (!in.has(i)) continue;
    unify(directions, in.type(i), batch_first ? 1 : 0, 1, kNames[i]);
    unify(batch, in.type(i), batch_first ? 0 : 1, 1, kNames[i]);
    unify(size, in.type(i), 2, 1, kNames[i]);
  }
  ENGINE_VALIDATE(!size.known() || size.value() > 0, "the hidden size is 0");
  const Dims state = batch_first ? Dims{batch, directions, size} : Dims{directions, batch, size};
  std::vector<TensorType> types{{x.dtype, batch_first ? Dims{batch, steps, directions, size}
                                                      : Dims{steps, directions, batch, size}}};
  while (static_cast<Index>(types.size()) < outputs) types.push_back({x.dtype, state});
  return types;
}

Index Recurrent::flops(std::span<const TensorType> in, std::span<const TensorType>) const {
  const auto x = in[kX].shape(), r = in[kR].shape();
  if (!x || !r) return 0;
  const RecurrentView v = view(*x, *r);
  Index flops = v.steps * v.batch;
  for (const Index factor : {v.directions, v.gates * v.hidden, 2 * (v.inputs + v.hidden)})
    if (__builtin_mul_overflow(flops, factor, &flops)) return 0;
  return flops;
}

std::string Recurrent::describe() const {
  return concat("direction=",
                bidirectional ? "bidirectional"
                : reverse     ? "reverse"
                              : "forward",
                batch_first ? " layout=1" : "", linear_before_reset ? " linear_before_reset=1" : "",
                input_forget ? " input_forget=1" : "", clips ? concat(" clip=", clip) : "");
}

Fault check_lengths(const std::int32_t* lengths, const RecurrentView& v) noexcept {
  for (Index i = 0; lengths && i < v.batch; ++i)
    if (lengths[i] < 0 || lengths[i] > v.steps)
      return {Status::Fault::kIndexOutOfRange, lengths[i], v.steps};
  return kNoFault;
}

OperatorPtr make_RNN(const Attributes& a) { return std::make_shared<Recurrent>(Cell::kRnn, a); }
OperatorPtr make_GRU(const Attributes& a) { return std::make_shared<Recurrent>(Cell::kGru, a); }
OperatorPtr make_LSTM(const Attributes& a) { return std::make_shared<Recurrent>(Cell::kLstm, a); }

}  // namespace engine::ops
