// The promise for one case: a device's bits are those of the contract's scalar text.
#pragma once

#include "ops/opencl/kernel.h"
#include "support/bit_cases.h"

#include <gtest/gtest.h>

namespace engine::test {

/// Fails the test unless `backend` gives the bits, on plain operands and on blocked ones if a
/// kernel takes these.
inline void check_on_device(const OperatorCase& c, const ops::Backend& backend) {
  const std::vector<Tensor> wanted = run_evaluate(c);
  std::string kernel;
  const std::vector<Tensor> got = run_backend(c, backend, 1, &kernel);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(compare_bits(got[i], wanted[i]), "") << "output " << i << " of " << kernel;
  const auto blocked = run_blocked(c, backend, 1, &kernel);
  for (std::size_t i = 0; blocked && i < blocked->size(); ++i)
    EXPECT_EQ(compare_bits((*blocked)[i], wanted[i]), "")
        << "output " << i << " of " << kernel << ", blocked";
}

}  // namespace engine::test
