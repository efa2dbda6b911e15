#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

OperatorCase nearest(DType dtype, Shape shape, std::vector<float> scales, const char* coordinates,
                     const char* rounding) {
  OperatorCase c;
  c.name = std::string(coordinates) + " " + rounding + " " + to_string(shape);
  c.op = make_operator("", "Resize",
                       attributes({{"mode", std::string("nearest")},
                                   {"coordinate_transformation_mode", std::string(coordinates)},
                                   {"nearest_mode", std::string(rounding)}}));
  const Index rank = static_cast<Index>(shape.size());
  c.inputs = {random(dtype, std::move(shape), 1, 0, 100), Tensor(),
              Tensor::of<float>({rank}, std::span<const float>(scales))};
  c.constants = 0b100;
  return c;
}

TEST(Resize, NearestNeighbour) {
  for (const DType dtype : {DType::kFloat32, DType::kUInt8, DType::kFloat16, DType::kFloat64})
    for (const char* coordinates : {"half_pixel", "asymmetric", "align_corners"})
      for (const char* rounding : {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}) {
        check_bits(nearest(dtype, {2, 3, 5, 7}, {1, 1, 2, 2}, coordinates, rounding));
        check_bits(nearest(dtype, {2, 3, 9, 8}, {1, 1, 0.5f, 1.7f}, coordinates, rounding));
        check_bits(nearest(dtype, {2, 3, 6}, {2, 1.5f, 1}, coordinates, rounding));
      }
}

TEST(Resize, TheKernelIsTaken) {
  std::string kernel;
  const OperatorCase c = nearest(DType::kFloat32, {2, 4}, {1, 2}, "asymmetric", "floor");
  run_backend(c, *cpu::make_backend(Isa::kScalar), 1, &kernel);
  EXPECT_EQ(kernel, "resize_nearest");
}

}  // namespace
}  // namespace engine::test
