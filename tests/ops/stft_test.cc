#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

OperatorCase make_case(Tensor signal, bool onesided) {
  return {.name = "STFT of " + to_string(signal.shape()),
          .op = make_operator("", "STFT", attributes({{"onesided", Index{onesided}}})),
          .inputs = {std::move(signal), Tensor::scalar(std::int64_t{5}),
                     random(DType::kFloat32, {12}, 2), Tensor::scalar(std::int64_t{12})},
          .constants = 0b1010};
}

// Exporters leave out the last axis of a real signal.
TEST(Stft, RealSignalMayHaveTwoAxes) {
  const Tensor signal = random(DType::kFloat32, {3, 40}, 1);
  for (const bool onesided : {true, false}) {
    const OperatorCase two = make_case(signal, onesided);
    check_operator(two);
    const OperatorCase three = make_case(signal.reshaped({3, 40, 1}), onesided);
    EXPECT_EQ(infer(two)[0].shape(), infer(three)[0].shape());
    EXPECT_EQ(compare_bits(run_evaluate(two)[0], run_evaluate(three)[0]), "");
  }
  EXPECT_THROW(infer(make_case(Tensor(DType::kFloat32, {40}), true)), Error);
  EXPECT_THROW(infer(make_case(Tensor(DType::kFloat32, {1, 40, 1, 1}), true)), Error);
  EXPECT_THROW(infer(make_case(Tensor(DType::kFloat32, {1, 40, 2}), true)), Error);
}

}  // namespace
}  // namespace engine::test
