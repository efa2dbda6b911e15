#include "ops/head_attention.h"
#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

struct Size {
  Index queries, keys, heads, depth, width;
};

template <class Make>
OperatorCase attention_case(const Size& s, ops::ScoreScale scale, const Make& make) {
  OperatorCase c;
  c.op = std::make_shared<ops::HeadAttention>(scale);
  c.name = std::to_string(s.queries) + " queries, " + std::to_string(s.keys) + " keys, " +
           std::to_string(s.heads) + " heads of " + std::to_string(s.depth) + " and " +
           std::to_string(s.width) + ", " + c.op->describe();
  c.inputs = {make(Shape{2, s.queries, s.heads, s.depth}, 1),
              make(Shape{2, s.keys, s.heads, s.depth}, 2),
              make(Shape{2, s.keys, s.heads, s.width}, 3)};
  c.absolute = 1e-4;  // large scores make what rounding leaves of them count
  return c;
}

constexpr Size kSizes[] = {{1, 1, 1, 1, 1},    {5, 3, 2, 4, 2},     {12, 16, 1, 16, 16},
                           {13, 17, 3, 8, 20}, {60, 60, 4, 16, 16}, {30, 65, 2, 33, 48},
                           {3, 200, 1, 5, 31}, {0, 4, 2, 4, 4}};

// Tiles of queries and blocks of keys, full and not; scales that are powers of two, and others.
TEST(HeadAttention, Sizes) {
  const auto values = [](Shape shape, unsigned seed) {
    return random(DType::kFloat32, std::move(shape), seed, -2, 2);
  };
  for (const Size& s : kSizes)
    for (const ops::ScoreScale scale :
         {ops::ScoreScale{}, ops::ScoreScale{4, true}, ops::ScoreScale{2.828427f, true},
          ops::ScoreScale{0.3535534f, false}})
      check_operator(attention_case(s, scale, values));
}

// Masks of keys, and a bias for each pair, for all or for each sample and head.
TEST(HeadAttention, Bias) {
  const auto values = [](Shape shape, unsigned seed) {
    return random(DType::kFloat32, std::move(shape), seed, -2, 2);
  };
  for (const Size& s : kSizes)
    for (const Shape& shape : {Shape{2, 1, 1, s.keys}, Shape{1, s.heads, s.queries, s.keys},
                               Shape{2, s.heads, s.queries, s.keys}, Shape{1, 1, 1, 1}}) {
      OperatorCase c = attention_case(s, {4, true}, values);
      c.inputs.push_back(values(shape, 4));
      c.name += ", bias " + to_string(shape);
      check_operator(c);
      const auto mask = c.inputs[3].mutable_values<float>();
      for (std::size_t i = 0; i < mask.size(); ++i)
        if (i % 3 == 1) mask[i] = -std::numeric_limits<float>::infinity();
      check_operator(c);
      c.inputs[3] = random_special(shape, 5, 16);
      check_bits(c);
    }
}

TEST(HeadAttention, SpecialValues) {
  for (const int rarity : {8, 64, 1024})
    for (const Size& s : kSizes)
      for (const ops::ScoreScale scale : {ops::ScoreScale{4, true}, ops::ScoreScale{3, true}})
        check_bits(attention_case(s, scale, [&](Shape shape, unsigned seed) {
          return random_special(std::move(shape), seed, rarity);
        }));
}

// The bits are those of the operators that it stands for.
TEST(HeadAttention, IsProductsAndSoftmax) {
  const Size s{21, 37, 3, 16, 24};
  const ops::ScoreScale scale{4, true};
  const OperatorCase c = attention_case(s, scale, [](Shape shape, unsigned seed) {
    return random(DType::kFloat32, std::move(shape), seed, -2, 2);
  });
  const auto run = [](const char* op, std::vector<Tensor> in, const ops::Attributes& a = {}) {
    OperatorCase part;
    part.op = make_operator("", op, a);
    part.inputs = std::move(in);
    return run_evaluate(part)[0];
  };
  const auto turned = [&](const Tensor& x, std::vector<Index> perm) {
    return run("Transpose", {x}, attributes({{"perm", std::move(perm)}}));
  };
  const Tensor scores =
      run("MatMul", {turned(c.inputs[0], {0, 2, 1, 3}), turned(c.inputs[1], {0, 2, 3, 1})});
  const Tensor scaled = run("Div", {scores, Tensor::of<float>({}, std::vector<float>{4})});
  const Tensor heads = run("MatMul", {run("Softmax", {scaled}), turned(c.inputs[2], {0, 2, 1, 3})});
  EXPECT_EQ(compare_bits(run_evaluate(c)[0], turned(heads, {0, 2, 1, 3})), "");
}

}  // namespace
}  // namespace engine::test
