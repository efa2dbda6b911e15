#include "serve/core/classification.h"

#include <gtest/gtest.h>

#include <limits>

namespace engine::serve {
namespace {

std::vector<std::string> texts(const Tensor& tensor) {
  return {tensor.strings().begin(), tensor.strings().end()};
}

TEST(Classification, TakesTheBestOfEachRow) {
  const Tensor scores = Tensor::of<float>({2, 3}, {0.25f, 0.5f, 0.25f, -1, -2, 3});
  const Tensor classes = classify(scores, true, 2, {"quark", "gluon"});
  EXPECT_EQ(classes.shape(), (Shape{2, 2}));
  EXPECT_EQ(texts(classes), (std::vector<std::string>{"0.500000:1:gluon", "0.250000:0:quark",
                                                      "3.000000:2", "-1.000000:0:quark"}));
}

TEST(Classification, ClipsToTheClassesThereAre) {
  const Tensor classes = classify(Tensor::of<std::int32_t>({3}, {7, 9, 8}), false, 10, {});
  EXPECT_EQ(classes.shape(), (Shape{3}));
  EXPECT_EQ(texts(classes), (std::vector<std::string>{"9.000000:1", "8.000000:2", "7.000000:0"}));
  EXPECT_EQ(classify(Tensor(DType::kFloat32, {0, 3}), true, 2, {}).size(), 0);
}

TEST(Classification, PutsNaNLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor classes = classify(Tensor::of<float>({4}, {nan, -1, nan, 1}), false, 4, {});
  const std::vector<std::string> list = texts(classes);
  EXPECT_EQ(list[0], "1.000000:3");
  EXPECT_EQ(list[1], "-1.000000:1");
  EXPECT_TRUE(list[2].ends_with(":0"));
  EXPECT_TRUE(list[3].ends_with(":2"));
}

TEST(Classification, RefusesWhatHasNoNumbers) {
  EXPECT_THROW(classify(Tensor::strings({1}, {"a"}), false, 1, {}), Error);
}

}  // namespace
}  // namespace engine::serve
