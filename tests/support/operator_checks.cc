#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {

void check_bits(const OperatorCase& c) {
  SCOPED_TRACE(c.name);
  const std::vector<Tensor> wanted = run_evaluate(c);
  for (const Isa isa : available_isas()) {
    const auto backend = cpu::make_backend(isa);
    for (const int threads : {1, 3}) {
      std::string kernel;
      const std::vector<Tensor> got = run_backend(c, *backend, threads, &kernel);
      for (std::size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(compare_bits(got[i], wanted[i]), "")
            << "output " << i << " of " << kernel << " on " << threads << " threads";
      const auto blocked = run_blocked(c, *backend, threads, &kernel);
      for (std::size_t i = 0; blocked && i < blocked->size(); ++i)
        EXPECT_EQ(compare_bits((*blocked)[i], wanted[i]), "")
            << "output " << i << " of " << kernel << " on " << threads << " threads";
    }
  }
}

void check_operator(const OperatorCase& c) {
  SCOPED_TRACE(c.name);
  const std::vector<Tensor> exact = run_reference(c), got = run_evaluate(c);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(compare_values(got[i], exact[i], c.relative, c.absolute), "") << "output " << i;
  check_bits(c);
}

}  // namespace engine::test
