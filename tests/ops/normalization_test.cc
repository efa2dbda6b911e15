#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <cmath>

namespace engine::test {
namespace {

OperatorCase make_case(const char* name, const ops::Attributes& a, std::vector<Tensor> inputs) {
  OperatorCase c;
  c.op = make_operator("", name, a);
  c.name = std::string(name) + " " + c.op->describe() + " of " + to_string(inputs[0].shape());
  c.inputs = std::move(inputs);
  c.relative = c.absolute = 1e-4;
  return c;
}

/// Random scale, bias, ...: `count` tensors of one shape, the last of them positive.
std::vector<Tensor> with_parameters(Tensor x, const Shape& shape, int count) {
  std::vector<Tensor> inputs{std::move(x)};
  for (int i = 0; i < count; ++i)
    inputs.push_back(
        random(DType::kFloat32, shape, 20 + static_cast<unsigned>(i), i == 3 ? 0.01 : -2, 2));
  return inputs;
}

/// An ordinary input against the reference, special ones for their bits alone.
template <class Make>
void check_all(const Shape& shape, const Make& make) {
  check_operator(make(random(DType::kFloat32, shape, 1, -3, 5)));
  for (unsigned seed = 0; seed < 3; ++seed) {
    check_bits(make(random_special(shape, seed)));
    check_bits(make(random_special(shape, seed, 200)));
    check_bits(make(random_special(shape, seed, 1 << 20)));
  }
}

TEST(Normalization, Batch) {
  for (const Shape& shape : {Shape{2, 5},
                             {3, 40},
                             {2, 5, 33},
                             {1, 20, 3, 7},
                             {2, 1, 4, 4},
                             {0, 3, 2},
                             {7},
                             {2, 3, 2, 1, 1}})
    check_all(shape, [&](Tensor x) {
      const Index channels = shape.size() < 2 ? 1 : shape[1];
      return make_case("BatchNormalization", {}, with_parameters(std::move(x), {channels}, 4));
    });
  OperatorCase special =
      make_case("BatchNormalization", {}, with_parameters(random_special({3, 40}, 5), {40}, 0));
  for (unsigned i = 0; i < 4; ++i) special.inputs.push_back(random_special({40}, i));
  check_bits(special);
}

TEST(Normalization, BatchTraining) {
  const ops::Attributes a = attributes({{"training_mode", Index{1}}, {"momentum", 0.75f}});
  for (const Shape& shape : {Shape{2, 5},
                             {40, 3},
                             {2, 5, 33},
                             {1, 20, 3, 7},
                             {2, 1, 4, 4},
                             {1, 3, 1},
                             {7},
                             {17, 2, 2, 1}})
    for (const bool statistics : {false, true})
      check_all(shape, [&](Tensor x) {
        const Index channels = shape.size() < 2 ? 1 : shape[1];
        OperatorCase c =
            make_case("BatchNormalization", a, with_parameters(std::move(x), {channels}, 4));
        c.outputs = {true, statistics, statistics};
        c.relative = c.absolute = 1e-3;  // a channel of equal values divides by sqrt(epsilon)
        return c;
      });

  OperatorCase known = make_case(
      "BatchNormalization", a,
      {Tensor::of<float>({2, 1, 2}, {1, 2, 3, 6}), Tensor::of<float>({1}, {2}),
       Tensor::of<float>({1}, {10}), Tensor::of<float>({1}, {100}), Tensor::of<float>({1}, {200})});
  known.outputs = {true, true, true};
  const std::vector<Tensor> y = run_evaluate(known);  // mean 3, variance 3.5 of the population
  const double scale = 2 / std::sqrt(3.5 + 1e-5);
  EXPECT_NEAR(y[0].values<float>()[3], 10 + 3 * scale, 1e-5);
  EXPECT_FLOAT_EQ(y[1].values<float>()[0], 0.75f * 100 + 0.25f * 3);
  EXPECT_FLOAT_EQ(y[2].values<float>()[0], 0.75f * 200 + 0.25f * 3.5f);
  known.outputs = {true, true, true, true, true};
  EXPECT_THROW(infer(known), Error);
}

TEST(Normalization, Layer) {
  for (const Shape& shape : {Shape{3, 7}, {4, 16}, {2, 5, 100}, {3, 2, 4, 9}, {1}, {0, 4}})
    for (const Index axis : {Index{-1}, Index{0}}) {
      const Shape rest(shape.end() - (axis < 0 ? 1 : static_cast<Index>(shape.size())),
                       shape.end());
      const ops::Attributes a = attributes({{"axis", axis}});
      check_all(shape, [&](Tensor x) {
        OperatorCase c = make_case("LayerNormalization", a, with_parameters(std::move(x), rest, 2));
        c.outputs = {true, true, true};
        return c;
      });
      check_all(shape, [&](Tensor x) {
        OperatorCase c = make_case("LayerNormalization", a, with_parameters(std::move(x), rest, 1));
        c.outputs = {true, false, true};
        return c;
      });
      check_all(shape, [&](Tensor x) {
        return make_case("RMSNormalization", a, with_parameters(std::move(x), rest, 1));
      });
    }
}

TEST(Normalization, RowsSideBySide) {
  for (const Index rows : {1, 2, 3, 4, 5, 7, 8, 11})
    for (const Index n : {5, 16, 33})
      check_bits(make_case("LayerNormalization", {},
                           with_parameters(random(DType::kFloat32, {rows, n}, 7), {n}, 2)));
}

TEST(Normalization, LayerWithBroadcastParameters) {
  for (const Shape& shape : {Shape{}, {1}, {3, 1}, {2, 1, 1}, {1, 8}})
    check_operator(make_case("LayerNormalization", {},
                             with_parameters(random(DType::kFloat32, {2, 3, 8}, 3), shape, 2)));
  OperatorCase half = make_case("LayerNormalization", {},
                                {random(DType::kFloat16, {4, 9}, 1),
                                 random(DType::kFloat16, {9}, 2), random(DType::kFloat16, {9}, 3)});
  half.outputs = {true, true, true};
  half.relative = 2e-3;
  check_operator(half);
  const auto bad = [&](Shape scale) {
    return make_case("LayerNormalization", {},
                     with_parameters(Tensor(DType::kFloat32, {2, 8}), scale, 1));
  };
  EXPECT_THROW(infer(bad({7})), Error);
  EXPECT_THROW(infer(bad({1, 2, 8})), Error);
}

TEST(Normalization, InstanceAndGroup) {
  for (const Shape& shape : {Shape{2, 6}, {2, 6, 5}, {1, 12, 4, 5}, {2, 6, 3, 3, 17}, {0, 6, 2}}) {
    check_all(shape, [&](Tensor x) {
      return make_case("InstanceNormalization", {}, with_parameters(std::move(x), {shape[1]}, 2));
    });
    for (const Index groups : {1, 2, 3, 6})
      check_all(shape, [&](Tensor x) {
        return make_case("GroupNormalization", attributes({{"num_groups", groups}}),
                         with_parameters(std::move(x), {shape[1]}, 2));
      });
  }
  const Tensor x(DType::kFloat32, {1, 6, 4});
  EXPECT_THROW(infer(make_case("GroupNormalization", attributes({{"num_groups", Index{4}}}),
                               with_parameters(x, {6}, 2))),
               Error);
  EXPECT_THROW(infer(make_case("InstanceNormalization", {}, with_parameters(x, {4}, 2))), Error);
}

}  // namespace
}  // namespace engine::test
