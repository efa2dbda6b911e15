// The promise, operator by operator: every case of the table against its double-precision
// reference, and bit for bit over instruction sets, batch sizes, positions and threads.
#include "support/bit_cases.h"

#include "base/text.h"

#include <gtest/gtest.h>

#include <set>

namespace engine::test {
namespace {

constexpr Index kBatches[] = {1, 2, 3, 7, 8, 16, 33, 64};
constexpr Index kSamples = 64;
constexpr int kMostThreads = 4;

class OperatorBits : public testing::TestWithParam<std::size_t> {
 protected:
  const BitCase& c() const { return bit_cases()[GetParam()]; }
};

TEST_P(OperatorBits, AgreesWithReference) { check_operator(c().make(3)); }

TEST_P(OperatorBits, SpecialValues) {
  for (const int rarity : {6, 300, 1 << 20}) check_bits(special_case(c(), rarity));
}

// Every sample at every batch size, alone and in two positions of it, on 1 to 4 threads.
TEST_P(OperatorBits, BatchPositionAndThreads) {
  if (c().batched == 0) return;
  const OperatorCase whole = c().make(kSamples);
  const std::vector<Tensor> wanted = run_evaluate(whole);
  for (const Isa isa : available_isas()) {
    const auto backend = cpu::make_backend(isa);
    for (const Index batch : kBatches)
      for (int threads = 1; threads <= kMostThreads; ++threads) {
        const Index first = (batch * 5 + threads * 11) % kSamples;
        const std::vector<Tensor> got =
            run_backend(take_samples(whole, c().batched, batch, first), *backend, threads);
        for (std::size_t i = 0; i < got.size(); ++i)
          ASSERT_EQ(compare_bits(got[i], take_rows(wanted[i], batch, first)), "")
              << c().name << ", output " << i << " on " << to_string(isa) << ", batch " << batch
              << " from sample " << first << ", " << threads << " threads";
      }
  }
}

// Equal bits prove nothing where all instruction sets run one text.
TEST(OperatorBitsTable, RunsVectorKernels) {
  const auto backend = cpu::make_backend(best_isa());
  std::set<std::string> generic;
  for (const BitCase& c : bit_cases()) {
    std::string kernel;
    run_backend(c.make(2), *backend, 1, &kernel);
    if (kernel.ends_with("[generic]")) generic.insert(c.name.substr(0, c.name.find(' ')));
  }
  for (const char* known : {"Atan", "Sign"}) generic.erase(known);
  for (const std::string& name : generic) ADD_FAILURE() << name << " has no vector kernel";
}

std::string test_name(const testing::TestParamInfo<std::size_t>& info) {
  std::string name;
  for (const char letter : bit_cases()[info.param].name)
    name += std::isalnum(static_cast<unsigned char>(letter)) ? letter : '_';
  return concat(name, "_", info.index);
}

INSTANTIATE_TEST_SUITE_P(Table, OperatorBits, testing::Range<std::size_t>(0, bit_cases().size()),
                         test_name);

}  // namespace
}  // namespace engine::test
