#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <cmath>

namespace engine::test {
namespace {

const char* const kReductions[] = {"ReduceSum",       "ReduceMean",     "ReduceMax", "ReduceMin",
                                   "ReduceProd",      "ReduceL1",       "ReduceL2",  "ReduceLogSum",
                                   "ReduceLogSumExp", "ReduceSumSquare"};

struct Case {
  Shape shape;
  std::vector<Index> axes;
  bool keepdims = true, noop = false;
};

// Rows shorter and longer than the lanes, several runs per output, columns, several kept groups,
// extents of 0 and 1, scalars.
const Case kCases[] = {
    {{3, 7}, {1}},
    {{5, 16}, {-1}, false},
    {{9, 100}, {1}},
    {{2, 3, 65}, {1, 2}},
    {{4, 3, 5, 33}, {1, 3}, false},
    {{2, 3, 4, 5, 6}, {0, 2, 4}},
    {{2, 3, 4, 5, 6}, {1, 3}},
    {{6, 130}, {0}},
    {{2, 17, 90}, {1}},
    {{2, 17, 1}, {1}},
    {{1, 40, 3}, {0, 1}, false},
    {{3, 4}, {}},
    {{3, 4}, {}, true, true},
    {{}, {}},
    {{1}, {0}, false},
    {{0, 3}, {1}},
    {{3, 0}, {1}},
    {{3, 0, 20}, {1}},
};

OperatorCase make_case(const char* name, const Case& c, Tensor x) {
  OperatorCase result;
  result.name = std::string(name) + " " + to_string(x.shape()) + " axes " + to_string(c.axes);
  result.op = make_operator(
      "", name,
      attributes({{"keepdims", Index{c.keepdims}}, {"noop_with_empty_axes", Index{c.noop}}}));
  result.inputs = {std::move(x)};
  if (!c.axes.empty())
    result.inputs.push_back(
        Tensor::of<Index>({static_cast<Index>(c.axes.size())}, std::span<const Index>(c.axes)));
  result.constants = 0b10;
  result.relative = 3e-5;
  return result;
}

TEST(Reduce, AgreesWithReference) {
  for (const char* name : kReductions)
    for (const Case& c : kCases) {
      const bool positive = std::string(name).starts_with("ReduceLogSum");
      check_operator(
          make_case(name, c, random(DType::kFloat32, c.shape, 7, positive ? 0.1 : -1.5, 1.5)));
    }
}

TEST(Reduce, SpecialValuesHaveTheSameBits) {
  for (const char* name : kReductions)
    for (const Case& c : kCases)
      for (const int rarity : {8, 1 << 20})
        for (unsigned seed = 0; seed < 4; ++seed)
          check_bits(make_case(name, c, random_special(c.shape, seed, rarity)));
}

TEST(Reduce, OtherElementTypes) {
  for (const char* name : kReductions)
    for (const DType dtype : {DType::kFloat16, DType::kBFloat16, DType::kFloat64, DType::kInt32,
                              DType::kUInt32, DType::kInt64, DType::kUInt64}) {
      OperatorCase c = make_case(name, {{3, 4, 5}, {0, 2}}, random(dtype, {3, 4, 5}, 3, 1, 4));
      c.relative = dtype == DType::kBFloat16 ? 1e-2 : 2e-3;
      check_operator(c);
    }
  for (const DType dtype : {DType::kBool, DType::kInt8, DType::kUInt8}) {
    check_operator(make_case("ReduceMax", {{3, 4, 5}, {0, 2}}, random(dtype, {3, 4, 5}, 3, 0, 3)));
    check_operator(make_case("ReduceMin", {{3, 4, 5}, {0, 2}}, random(dtype, {3, 4, 5}, 3, 0, 3)));
  }
}

// Each sample alone has the bits that it has in a batch.
TEST(Reduce, BatchDoesNotMatter) {
  const Tensor batch = random(DType::kFloat32, {5, 6, 37}, 11);
  for (const std::vector<Index>& axes : {std::vector<Index>{1}, {2}, {1, 2}}) {
    const Tensor all = run_evaluate(make_case("ReduceSum", {{}, axes}, batch))[0];
    const Index size = batch.size() / 5, outputs = all.size() / 5;
    for (Index i = 0; i < 5; ++i) {
      const Tensor one =
          Tensor::of<float>({1, 6, 37}, batch.values<float>().subspan(i * size, size));
      const Tensor y = run_evaluate(make_case("ReduceSum", {{}, axes}, one))[0];
      const Tensor part =
          Tensor::of<float>(y.shape(), all.values<float>().subspan(i * outputs, outputs));
      EXPECT_EQ(compare_bits(y, part), "");
    }
  }
}

TEST(Reduce, EmptySets) {
  const auto value = [](const char* name, Tensor x) {
    return run_evaluate(make_case(name, {{}, {0}, false}, std::move(x)))[0];
  };
  const Tensor none(DType::kFloat32, {0});
  EXPECT_EQ(value("ReduceSum", none).values<float>()[0], 0.0f);
  EXPECT_EQ(value("ReduceProd", none).values<float>()[0], 1.0f);
  EXPECT_EQ(value("ReduceMax", none).values<float>()[0], -INFINITY);
  EXPECT_EQ(value("ReduceLogSum", none).values<float>()[0], -INFINITY);
  EXPECT_EQ(value("ReduceLogSumExp", none).values<float>()[0], -INFINITY);
  EXPECT_TRUE(std::isnan(value("ReduceMean", none).values<float>()[0]));
  EXPECT_EQ(value("ReduceMin", Tensor(DType::kInt32, {0})).values<std::int32_t>()[0],
            std::numeric_limits<std::int32_t>::max());
  EXPECT_FALSE(value("ReduceMax", Tensor(DType::kBool, {0})).values<bool>()[0]);
}

TEST(Reduce, IntegersWrap) {
  const std::int32_t big = std::numeric_limits<std::int32_t>::max();
  const OperatorCase c =
      make_case("ReduceSum", {{}, {0}, false}, Tensor::of<std::int32_t>({2}, {big, 1}));
  EXPECT_EQ(run_evaluate(c)[0].values<std::int32_t>()[0], std::numeric_limits<std::int32_t>::min());
}

TEST(Reduce, RejectsBadAxes) {
  const Tensor x(DType::kFloat32, {2, 3});
  EXPECT_THROW(infer(make_case("ReduceSum", {{}, {2}}, x)), Error);
  EXPECT_THROW(infer(make_case("ReduceSum", {{}, {1, -1}}, x)), Error);
  EXPECT_THROW(infer(make_case("ReduceSum", {{}, {0}}, Tensor(DType::kInt8, {2}))), Error);
}

}  // namespace
}  // namespace engine::test
