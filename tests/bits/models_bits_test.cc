// The promise, for whole models: a sample's outputs have the same bits on every instruction set, at
// every batch size and position in the batch, on any number of threads, by run, submit and bind.
// Everything is held against the sample alone on one scalar thread.
#include "support/model_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace engine::test {
namespace {

constexpr Index kBatches[] = {1, 2, 3, 7, 8, 16, 33, 64};
constexpr int kMostThreads = 4;

/// Sessions by device and thread count, compiled once.
class Sessions {
 public:
  explicit Sessions(const Model& model) : model_(model) {}
  const Session& get(const std::string& device, int threads) {
    const auto key = std::pair(device, threads);
    const auto it = sessions_.find(key);
    if (it != sessions_.end()) return it->second;
    return sessions_.emplace(key, Session(model_, {.device = device, .threads = threads}))
        .first->second;
  }

 private:
  Model model_;
  std::map<std::pair<std::string, int>, Session> sessions_;
};

void expect_bits(const ModelCase& c, Sessions& sessions, const std::vector<Tensors>& alone,
                 const std::string& device, int threads, Path path, Index batch, Index first) {
  const Tensors outputs =
      run_path(sessions.get(device, threads), take_batch(c, batch, first), path);
  EXPECT_EQ(compare_batch(outputs, alone, batch, first), "")
      << c.name << " on " << device << ", " << threads << " threads, batch " << batch
      << " from sample " << first << " by " << name_of(path);
}

class ModelBits : public testing::TestWithParam<std::string> {};

// Every pair of batch size and thread count, and with them every pair of any two settings: device
// and path step along so that each meets each batch and each thread count.
TEST_P(ModelBits, PairwiseProduct) {
  const ModelCase c = load_model_case(GetParam(), 8);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  const std::vector<std::string> devices = cpu_devices();
  Sessions sessions(c.model);
  for (std::size_t b = 0; b < std::size(kBatches); ++b)
    for (std::size_t t = 0; t < kMostThreads; ++t) {
      const std::string& device = devices[(b + t) % devices.size()];
      const Path path = kPaths[(b + 2 * t + t / 3) % std::size(kPaths)];
      expect_bits(c, sessions, alone, device, static_cast<int>(t) + 1, path, kBatches[b],
                  static_cast<Index>(b * kMostThreads + t));
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, ModelBits, testing::ValuesIn(model_case_names()),
                         [](const auto& info) { return info.param; });

// Sample k at position p of every batch, for all p, everywhere.
TEST(ModelBitsFull, JetTagger) {
  const ModelCase c = load_model_case("jet_tagger", 64);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  Sessions sessions(c.model);
  for (const std::string& device : cpu_devices())
    for (int threads = 1; threads <= kMostThreads; ++threads)
      for (const Path path : kPaths)
        for (const Index batch : kBatches)
          for (const Index first : {Index{0}, Index{1}, batch / 2, batch - 1, Index{63}})
            expect_bits(c, sessions, alone, device, threads, path, batch, first);
}

// Inputs whose bits are unusual: denormals, infinities, NaN, zeros of both signs.
TEST(ModelBitsFull, JetTaggerOnSpecialValues) {
  ModelCase c = load_model_case("jet_tagger", 64);
  const float inf = std::numeric_limits<float>::infinity();
  const float special[] = {0.0f, -0.0f, 1e-40f, -1e-44f, inf, -inf, NAN, 3e38f, -3e38f};
  auto values = c.pool.begin()->second.mutable_values<float>();
  for (std::size_t i = 0; i < values.size(); i += 1 + i % 11)
    values[i] = special[i / 3 % std::size(special)];
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  Sessions sessions(c.model);
  for (const std::string& device : cpu_devices())
    for (const Index batch : kBatches)
      expect_bits(c, sessions, alone, device, 1, Path::kBind, batch, batch / 3);
}

}  // namespace
}  // namespace engine::test
