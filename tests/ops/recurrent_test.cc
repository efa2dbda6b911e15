#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

struct Case {
  const char* name;
  Index steps, batch, inputs, hidden;
  std::vector<std::pair<std::string, ops::Attribute>> attributes;
  bool biases = true, ragged = false, states = false, peepholes = false;
};

using Strings = std::vector<std::string>;
using Floats = std::vector<float>;
const std::string kReverse = "reverse", kBoth = "bidirectional";

// Hidden sizes below, at and above the lanes and the panels; batches that fill groups and do not;
// sequences longer than a chunk; every attribute.
const Case kCases[] = {
    {"RNN", 5, 1, 3, 4, {}},
    {"RNN", 20, 3, 7, 33, {{"direction", kReverse}}, true, true, true},
    {"RNN", 3, 2, 2, 16, {{"activations", Strings{"Relu"}}, {"layout", Index{1}}}, false},
    {"RNN",
     4,
     5,
     3,
     130,
     {{"direction", kBoth},
      {"activations", Strings{"Affine", "ScaledTanh"}},
      {"activation_alpha", Floats{0.5f, 0.7f}},
      {"activation_beta", Floats{0.1f, 1.5f}}}},
    {"GRU", 18, 1, 6, 64, {}},
    {"GRU",
     7,
     6,
     3,
     20,
     {{"linear_before_reset", Index{1}}, {"direction", kBoth}},
     true,
     true,
     true},
    {"GRU",
     6,
     2,
     3,
     5,
     {{"layout", Index{1}}, {"clip", 0.3f}, {"direction", kReverse}},
     true,
     true,
     true},
    {"GRU",
     4,
     2,
     3,
     17,
     {{"activations", Strings{"hardsigmoid", "LeakyRelu"}},
      {"activation_alpha", Floats{0.3f, 0.05f}},
      {"activation_beta", Floats{0.4f}}},
     false},
    {"GRU",
     4,
     3,
     3,
     17,
     {{"activations", Strings{"Sigmoid", "Softplus", "Elu", "Softsign"}}, {"direction", kBoth}}},
    {"LSTM", 60, 1, 7, 64, {}},
    {"LSTM", 33, 9, 5, 24, {{"direction", kBoth}}, true, true, true, true},
    {"LSTM",
     5,
     4,
     3,
     8,
     {{"layout", Index{1}}, {"direction", kReverse}, {"clip", 0.5f}},
     true,
     true,
     true,
     true},
    {"LSTM", 5, 3, 3, 40, {{"input_forget", Index{1}}}, false, false, true, true},
    {"LSTM",
     5,
     2,
     3,
     3,
     {{"activations", Strings{"HardSigmoid", "ThresholdedRelu", "Tanh"}},
      {"activation_alpha", Floats{0.25f, 0.1f}}}},
    {"LSTM", 0, 2, 3, 3, {}, true, false, true},
    {"LSTM", 4, 0, 3, 3, {}},
};

Index gates_of(const std::string& name) { return name == "RNN" ? 1 : name == "GRU" ? 3 : 4; }

OperatorCase make_case(const Case& c, DType dtype = DType::kFloat32, double scale = 0.5) {
  OperatorCase result;
  const ops::Attributes a = attributes(c.attributes);
  result.op = make_operator("", c.name, a);
  const bool batch_first = a.integer("layout", 0) == 1, lstm = std::string(c.name) == "LSTM";
  const Index d = a.text("direction", "forward") == kBoth ? 2 : 1,
              rows = gates_of(c.name) * c.hidden;
  const auto make = [&](Shape shape, unsigned seed) {
    return random(dtype, std::move(shape), seed, -scale, scale);
  };
  const Shape state = batch_first ? Shape{c.batch, d, c.hidden} : Shape{d, c.batch, c.hidden};
  result.inputs = {
      make(batch_first ? Shape{c.batch, c.steps, c.inputs} : Shape{c.steps, c.batch, c.inputs}, 1),
      make({d, rows, c.inputs}, 2), make({d, rows, c.hidden}, 3)};
  result.inputs.push_back(c.biases ? make({d, 2 * rows}, 4) : Tensor());
  result.inputs.push_back(
      c.ragged ? random(DType::kInt32, {c.batch}, 5, 0, static_cast<double>(c.steps) + 0.99)
               : Tensor());
  result.inputs.push_back(c.states ? make(state, 6) : Tensor());
  if (lstm) result.inputs.push_back(c.states ? make(state, 7) : Tensor());
  if (lstm) result.inputs.push_back(c.peepholes ? make({d, 3 * c.hidden}, 8) : Tensor());
  result.constants = 0b10001110;
  result.outputs.assign(lstm ? 3 : 2, true);
  result.name = concat(c.name, " ", c.hidden, " of ", to_string(result.inputs[0].shape()), " ",
                       result.op->describe());
  result.relative = result.absolute = 1e-5;
  return result;
}

TEST(Recurrent, AgreesWithReference) {
  for (const Case& c : kCases) check_operator(make_case(c));
}

TEST(Recurrent, SpecialValuesHaveTheSameBits) {
  for (const Case& c : kCases)
    for (const std::size_t input : {0, 1, 2, 3}) {
      OperatorCase special = make_case(c);
      if (special.inputs[input].defined())
        special.inputs[input] = random_special(special.inputs[input].shape(), 9, 300);
      check_bits(special);
    }
}

TEST(Recurrent, OtherElementTypes) {
  for (const std::size_t i : {1, 5, 10})
    for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat64}) {
      OperatorCase c = make_case(kCases[i], dtype);
      c.relative = c.absolute = dtype == DType::kBFloat16 ? 1e-2 : 2e-3;
      check_operator(c);
    }
}

TEST(Recurrent, WeightsThatAreNotConstant) {
  OperatorCase c = make_case(kCases[10]);
  c.constants = 0;
  check_bits(c);
}

TEST(Recurrent, UnwantedOutputs) {
  OperatorCase c = make_case(kCases[10]);
  c.outputs = {false, true, false};
  check_operator(c);
  c.outputs = {true, false, true};
  check_operator(c);
}

// Each sample alone has the bits that it has in a batch.
TEST(Recurrent, BatchDoesNotMatter) {
  for (const char* name : {"RNN", "GRU", "LSTM"}) {
    const Case layer{name, 9, 7, 5, 24, {{"layout", Index{1}}}};
    const OperatorCase all = make_case(layer);
    for (const Isa isa : available_isas()) {
      const auto backend = cpu::make_backend(isa);
      const Tensor y = run_backend(all, *backend)[0];
      const Index in = 9 * 5, out = 9 * 24;
      for (Index i = 0; i < 7; ++i) {
        OperatorCase one = all;
        one.inputs[0] =
            Tensor::of<float>({1, 9, 5}, all.inputs[0].values<float>().subspan(i * in, in));
        const Tensor part =
            Tensor::of<float>({1, 9, 1, 24}, y.values<float>().subspan(i * out, out));
        EXPECT_EQ(compare_bits(run_backend(one, *backend)[0], part), "") << name;
      }
    }
  }
}

TEST(Recurrent, RejectsWhatDoesNotFit) {
  OperatorCase c = make_case(kCases[9]);
  c.inputs[1] = Tensor(DType::kFloat32, {1, 256, 6});
  EXPECT_THROW(infer(c), Error);
  c = make_case(kCases[9]);
  c.inputs[3] = Tensor(DType::kFloat32, {1, 256});
  EXPECT_THROW(infer(c), Error);
  EXPECT_THROW(make_operator("", "GRU", attributes({{"direction", std::string("up")}})), Error);
  EXPECT_THROW(make_operator("", "GRU", attributes({{"activations", Strings{"Tanh"}}})), Error);
  EXPECT_THROW(make_operator("", "RNN", attributes({{"activations", Strings{"Cosh"}}})), Error);
}

TEST(Recurrent, LengthsAreChecked) {
  OperatorCase c = make_case(kCases[1]);
  c.inputs[4] = Tensor::of<std::int32_t>({3}, {1, 21, 0});
  Tensor y(DType::kFloat32, {20, 1, 3, 33}), y_h(DType::kFloat32, {1, 3, 33});
  std::vector<ops::Input> in;
  for (const Tensor& tensor : c.inputs) in.push_back(ops::view(tensor));
  const std::vector<ops::Output> out{ops::mutable_view(y), ops::mutable_view(y_h)};
  EXPECT_EQ(c.op->evaluate(in, out).kind, Status::Fault::kIndexOutOfRange);
}

}  // namespace
}  // namespace engine::test
