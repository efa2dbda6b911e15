// Distances between tensors: every statistic on cases that can be counted by hand.
#include <engine/compare.h>

#include "numerics/difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace engine {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
Difference difference(std::initializer_list<T> a, std::initializer_list<T> b,
                      const Tolerance& tolerance = {0, 0}) {
  const Index count = static_cast<Index>(a.size());
  return compare(Tensor::of<T>({count}, a), Tensor::of<T>({count}, b), tolerance);
}

TEST(Difference, EqualTensors) {
  const Difference d = difference<float>({1, -0.0f, kNan, kInf}, {1, -0.0f, -kNan, kInf});
  EXPECT_TRUE(d.within());
  EXPECT_EQ(d.count, 4);
  EXPECT_EQ(d.unequal_bits, 0);
  EXPECT_EQ(d.nan_a, 1);
  EXPECT_EQ(d.inf_b, 1);
  EXPECT_EQ(d.max_abs, 0);
  EXPECT_EQ(d.ulp_histogram[0], 4);
}

TEST(Difference, CountsUlps) {
  const float next = std::nextafter(1.0f, 2.0f);
  const Difference d =
      difference<float>({next, -next, 0.0f, 0x1p-149f}, {1, -1, -0.0f, -0x1p-149f});
  EXPECT_EQ(d.max_ulp, 2);
  EXPECT_EQ(d.ulp_histogram[0], 1);  // both zeros
  EXPECT_EQ(d.ulp_histogram[1], 2);
  EXPECT_EQ(d.ulp_histogram[2], 1);  // the two smallest denormals
  EXPECT_EQ(d.unequal_bits, 4);
  EXPECT_EQ(d.mismatches, 3);
  EXPECT_EQ(d.worst, 0);
  EXPECT_FLOAT_EQ(static_cast<float>(d.max_abs), 0x1p-23f);
}

TEST(Difference, UlpsOfOtherFloats) {
  EXPECT_EQ(difference<double>({std::nextafter(1.0, 2.0)}, {1.0}).max_ulp, 1);
  EXPECT_EQ(difference<Float16>({Float16(1.0009765625f)}, {Float16(1.0f)}).max_ulp, 1);
  EXPECT_EQ(difference<BFloat16>({BFloat16(1.0078125f)}, {BFloat16(1.0f)}).max_ulp, 1);
  EXPECT_EQ(difference<float>({kInf}, {std::numeric_limits<float>::max()}).max_ulp, 1);
  constexpr double kHuge = std::numeric_limits<double>::max();
  EXPECT_EQ(difference<double>({kHuge}, {-kHuge}).max_ulp, std::numeric_limits<Index>::max());
}

TEST(Difference, NanAgainstNumberIsAMismatch) {
  const Difference d = difference<float>({1, kNan}, {1, 2}, {1, 1});
  EXPECT_EQ(d.mismatches, 1);
  EXPECT_EQ(d.worst, 1);
  EXPECT_TRUE(std::isinf(d.max_abs));
  EXPECT_EQ(d.max_ulp, 0);
  EXPECT_EQ(d.ulp_histogram[11], 1);
}

TEST(Difference, InfinityIsNeverNear) {
  EXPECT_FALSE(difference<float>({1}, {kInf}, {1, 1}).within());
  EXPECT_FALSE(difference<float>({kInf}, {1}, {1, 1}).within());
  EXPECT_FALSE(difference<float>({-kInf}, {kInf}, {1, 1}).within());
}

TEST(Difference, ToleranceIsRelativeToTheSecond) {
  EXPECT_TRUE(difference<float>({1.5f}, {1.0f}, {0.5, 0}).within());
  EXPECT_FALSE(difference<float>({1.0f}, {1.5f}, {0.3, 0}).within());
  EXPECT_TRUE(difference<float>({0.25f}, {0.0f}, {0, 0.25}).within());
  const Difference d = difference<float>({3, 1}, {2, 0});
  EXPECT_EQ(d.max_rel, 0.5);  // not the one against 0
  EXPECT_EQ(d.mean_abs, 1);
}

TEST(Difference, IntegersMustBeEqual) {
  EXPECT_FALSE(difference<std::int32_t>({1000}, {1001}, {1, 10}).within());
  EXPECT_EQ(difference<std::int8_t>({-128}, {127}).max_ulp, 255);
  EXPECT_EQ(difference<std::uint64_t>({std::numeric_limits<std::uint64_t>::max()}, {0}).max_ulp,
            std::numeric_limits<Index>::max());
  EXPECT_EQ(difference<std::uint64_t>({7}, {5}).max_ulp, 2);
  EXPECT_EQ(difference<std::int64_t>({INT64_MIN}, {INT64_MAX}).max_ulp, INT64_MAX);
  EXPECT_FALSE(difference<bool>({true}, {false}).within());
  EXPECT_TRUE(difference<bool>({true}, {true}).within());
}

TEST(Difference, ShapesTypesAndStrings) {
  const Tensor row(DType::kFloat32, {1, 4}), column(DType::kFloat32, {4, 1});
  EXPECT_FALSE(compare(row, column).within());
  EXPECT_FALSE(compare(row, column).same_shape);
  EXPECT_THROW(compare(row, Tensor(DType::kInt32, {1, 4})), Error);
  const Tensor a = Tensor::strings({2}, {"t", "W"}), b = Tensor::strings({2}, {"t", "Z"});
  EXPECT_TRUE(compare(a, a).within());
  EXPECT_EQ(compare(a, b).mismatches, 1);
  EXPECT_EQ(compare(a, b).worst, 1);
  const Tensor empty(DType::kFloat32, {0, 4});
  EXPECT_TRUE(compare(empty, empty).within());
  EXPECT_EQ(compare(empty, empty).worst, -1);
}

TEST(Difference, BucketsDouble) {
  for (const auto& [ulp, bucket] : std::initializer_list<std::pair<Index, int>>{
           {0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 3}, {5, 4}, {8, 4}, {9, 5}, {512, 10}, {513, 11}})
    EXPECT_EQ(numerics::ulp_bucket(ulp), bucket) << ulp;
}

}  // namespace
}  // namespace engine
