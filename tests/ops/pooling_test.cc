#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

struct Case {
  Shape x;
  std::vector<Index> kernel, strides, dilations, pads;
  bool ceil = false;
  const char* auto_pad = "NOTSET";
};

// One to three axes; rows narrower and wider than the lanes; strides 1, 2 and more; padding wider
// than a row; windows that ceil_mode puts over the edge.
const Case kCases[] = {
    {{2, 3, 10}, {3}, {}, {}, {}},
    {{1, 2, 70}, {4}, {3}, {2}, {5, 2}},
    {{1, 2, 7, 7}, {2, 2}, {2, 2}, {}, {}},
    {{2, 3, 15, 33}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}},
    {{1, 2, 20, 80}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}},
    {{1, 3, 19, 70}, {3, 5}, {1, 1}, {2, 2}, {2, 4, 2, 4}},
    {{1, 1, 5, 50}, {2, 2}, {1, 1}, {}, {}, false, "SAME_UPPER"},
    {{1, 1, 6, 51}, {3, 2}, {2, 3}, {}, {}, false, "SAME_LOWER"},
    {{1, 2, 9, 37}, {3, 3}, {2, 2}, {}, {}, true},
    {{1, 2, 8, 8}, {3, 3}, {3, 3}, {}, {1, 1, 0, 0}, true},
    {{1, 2, 5, 6, 40}, {2, 3, 3}, {1, 2, 2}, {}, {0, 1, 1, 1, 1, 0}},
    {{2, 1, 3, 3, 3}, {3, 3, 3}, {}, {}, {}},
    {{1, 1, 4, 4}, {40, 90}, {}, {}, {30, 70, 30, 70}},
    {{0, 2, 8, 8}, {3, 3}, {}, {}, {}},
    {{1, 1, 30, 400}, {2, 60}, {1, 2}, {1, 6}, {}},
};

ops::Attributes pool_attributes(const Case& c) {
  ops::Attributes a = attributes({{"kernel_shape", c.kernel},
                                  {"ceil_mode", Index{c.ceil}},
                                  {"auto_pad", std::string(c.auto_pad)}});
  if (!c.strides.empty()) a.set("strides", c.strides);
  if (!c.dilations.empty()) a.set("dilations", c.dilations);
  if (!c.pads.empty()) a.set("pads", c.pads);
  return a;
}

OperatorCase make_case(const char* name, ops::Attributes a, Tensor x) {
  OperatorCase c;
  c.name = std::string(name) + " of " + to_string(x.shape());
  c.op = make_operator("", name, a);
  c.name += " " + c.op->describe();
  c.inputs = {std::move(x)};
  return c;
}

TEST(Pooling, Max) {
  for (const Case& c : kCases) {
    check_operator(make_case("MaxPool", pool_attributes(c), random(DType::kFloat32, c.x, 1)));
    check_bits(make_case("MaxPool", pool_attributes(c), random_special(c.x, 2)));
    check_bits(make_case("MaxPool", pool_attributes(c), random_special(c.x, 3, 2)));
    for (const DType dtype : {DType::kInt8, DType::kUInt8, DType::kFloat16, DType::kFloat64})
      check_operator(make_case("MaxPool", pool_attributes(c), random(dtype, c.x, 4, 0, 99)));
  }
}

TEST(Pooling, Average) {
  for (const Case& c : kCases)
    for (const bool include_pad : {false, true}) {
      ops::Attributes a = pool_attributes(c);
      a.set("count_include_pad", Index{include_pad});
      check_operator(make_case("AveragePool", a, random(DType::kFloat32, c.x, 5)));
      check_bits(make_case("AveragePool", a, random_special(c.x, 6)));
      check_bits(make_case("AveragePool", a, random_special(c.x, 7, 1 << 20)));
    }
}

TEST(Pooling, Global) {
  for (const char* name : {"GlobalMaxPool", "GlobalAveragePool"})
    for (const Shape& shape : {Shape{2, 5}, {2, 5, 7}, {3, 4, 7, 7}, {1, 3, 2, 30, 9}, {0, 3, 4}}) {
      check_operator(make_case(name, {}, random(DType::kFloat32, shape, 8)));
      check_bits(make_case(name, {}, random_special(shape, 9)));
      OperatorCase half = make_case(name, {}, random(DType::kFloat16, shape, 8));
      half.relative = 2e-3;
      check_operator(half);
    }
}

TEST(Pooling, IndicesOfTheFirstMaximum) {
  for (const Index order : {0, 1}) {
    ops::Attributes a =
        attributes({{"kernel_shape", std::vector<Index>{2, 2}}, {"storage_order", order}});
    OperatorCase c = make_case(
        "MaxPool", a, Tensor::of<float>({2, 1, 2, 3}, {1, 5, 5, 5, 0, 2, -1, -1, -3, -2, -2, -2}));
    c.outputs = {true, true};
    check_operator(c);
    const auto where = run_evaluate(c)[1];
    const auto wanted = order == 0 ? Tensor::of<Index>({2, 1, 1, 2}, {1, 1, 6, 7})
                                   : Tensor::of<Index>({2, 1, 1, 2}, {2, 2, 6, 8});
    EXPECT_EQ(compare_bits(where, wanted), "") << "storage order " << order;
  }
}

TEST(Pooling, CeilModeDoesNotCountBehindThePadding) {
  const ops::Attributes a = attributes({{"kernel_shape", std::vector<Index>{3}},
                                        {"strides", std::vector<Index>{2}},
                                        {"pads", std::vector<Index>{1, 0}},
                                        {"ceil_mode", Index{1}},
                                        {"count_include_pad", Index{1}}});
  const auto y =
      run_evaluate(make_case("AveragePool", a, Tensor::of<float>({1, 1, 5}, {3, 6, 9, 12, 15})))[0];
  EXPECT_EQ(compare_bits(y, Tensor::of<float>({1, 1, 3}, {3, 9, 13.5f})), "");
}

TEST(Pooling, RejectsWhatDoesNotFit) {
  const Tensor x(DType::kFloat32, {1, 1, 4, 4});
  const auto kernel = [&](std::vector<Index> extents) {
    return make_case("MaxPool", attributes({{"kernel_shape", std::move(extents)}}), x);
  };
  EXPECT_THROW(infer(kernel({5, 5})), Error);
  EXPECT_THROW(infer(kernel({2})), Error);
  EXPECT_THROW(kernel({0, 2}), Error);
  EXPECT_THROW(make_operator("", "AveragePool", {}), Error);
}

}  // namespace
}  // namespace engine::test
