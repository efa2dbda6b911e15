// Which kernels take blocked tensors. That they have the bits of the plain ones is checked by
// check_bits in all tests of operators.
#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

std::string blocked_kernel(const char* op, const ops::Attributes& attributes,
                           std::vector<Tensor> inputs, unsigned constants = 0) {
  const OperatorCase c{op, make_operator("", op, attributes), std::move(inputs), constants};
  std::string kernel;
  const auto backend = cpu::make_backend(Isa::kScalar);
  return run_blocked(c, *backend, 1, &kernel) ? kernel : "none";
}
Tensor image(Index channels, Index height = 6) {
  return random(DType::kFloat32, {2, channels, height, 5}, 1);
}
Tensor filters(Index count, Index channels) {
  return random(DType::kFloat32, {count, channels, 3, 3}, 2);
}

TEST(Blocked, ConvolutionsWithConstantFilters) {
  EXPECT_EQ(blocked_kernel("Conv", {}, {image(20), filters(7, 20)}, 2), "conv_blocked[scalar]");
  EXPECT_EQ(blocked_kernel("Conv", {}, {image(3), filters(7, 3)}, 2), "conv_blocked[scalar]");
  EXPECT_EQ(
      blocked_kernel("Conv", attributes({{"group", Index{20}}}), {image(20), filters(20, 1)}, 2),
      "conv_depthwise_blocked[scalar]");
  EXPECT_EQ(
      blocked_kernel("Conv", attributes({{"group", Index{2}}}), {image(20), filters(8, 10)}, 2),
      "none");
  EXPECT_EQ(blocked_kernel("Conv", {}, {image(20), filters(7, 20)}), "none");
}

TEST(Blocked, NoBorderIsMuchLargerThanTheImage) {
  const auto padded = attributes({{"pads", std::vector<Index>{100, 0, 0, 0}}});
  EXPECT_EQ(blocked_kernel("Conv", padded, {image(20), filters(7, 20)}, 2), "none");
  const auto wide = attributes({{"pads", std::vector<Index>{5, 5, 5, 5}}});  // 16 x 15 around 6 x 5
  EXPECT_EQ(blocked_kernel("Conv", wide, {image(20), filters(7, 20)}, 2), "none");
}

TEST(Blocked, PoolingAndElementwise) {
  const auto window = attributes({{"kernel_shape", std::vector<Index>{2, 2}}});
  EXPECT_EQ(blocked_kernel("MaxPool", window, {image(20)}), "max_pool_blocked[scalar]");
  EXPECT_EQ(blocked_kernel("AveragePool", window, {image(3)}), "average_pool_blocked[scalar]");
  EXPECT_EQ(blocked_kernel("GlobalAveragePool", {}, {image(20)}), "global_average_blocked[scalar]");
  EXPECT_EQ(blocked_kernel("Relu", {}, {image(20)}), "unary_blocked[scalar]");
  EXPECT_EQ(blocked_kernel("Add", {}, {image(20), image(20)}), "binary_blocked[scalar]");
  EXPECT_EQ(blocked_kernel("Add", {}, {image(20), image(20, 1)}), "none");
  EXPECT_EQ(blocked_kernel("Clip", {}, {image(20)}), "none");  // bounds may come with the request
}

}  // namespace
}  // namespace engine::test
