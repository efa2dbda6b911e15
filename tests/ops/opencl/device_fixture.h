// Tests of single operators on the first device.
#pragma once

#include "ops/opencl/kernel.h"
#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {

/// The first device, or PoCL's disguised as a GPU; null where there is none.
const ops::Backend* device_backend(bool disguised = false);

/// Skipped where there is no device.
class OnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (!device_backend()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  }

  /// All outputs have the bits of the contract's scalar text, and a kernel of the device made them,
  /// with whole vectors and with spread ones. Bit i of
  /// `constants`: the values of input i are known when the kernel is chosen.
  static void check(const char* name, std::vector<Tensor> in, const ops::Attributes& a = {},
                    std::vector<bool> outputs = {true}, unsigned constants = 0);
};

/// Any bits at all, with the ends of the range of an integer type.
Tensor any_bits(DType dtype, Shape shape, unsigned seed);

}  // namespace engine::test
