// What a session promises beside its bits: what it says of itself, no allocation in a bound call,
// any number of callers at once, the host's threads, the host's floating-point state.
#include "support/allocations.h"
#include "support/host_state.h"
#include "support/model_case.h"
#include "support/operator_case.h"

#include "numerics/contract.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace engine::test {
namespace {

constexpr Index kBatches[] = {1, 2, 3, 7, 8, 16, 33, 64};

TEST(Guarantees, OfTheCpu) {
  const ModelCase c = load_model_case("jet_tagger", 1);
  for (const std::string& device : cpu_devices()) {
    const Guarantees guarantees = Session(c.model, {.device = device}).guarantees();
    EXPECT_EQ(guarantees.contract_version, numerics::kContractVersion);
    EXPECT_TRUE(guarantees.batch_invariant);
    EXPECT_TRUE(guarantees.thread_invariant);
    EXPECT_TRUE(guarantees.device_invariant);
    EXPECT_TRUE(guarantees.exceptions.empty());
  }
}

TEST(Guarantees, OfTheReference) {
  const ModelCase c = load_model_case("jet_tagger", 1);
  const Guarantees guarantees = Session(c.model, {.device = "reference"}).guarantees();
  EXPECT_FALSE(guarantees.device_invariant);
  EXPECT_FALSE(guarantees.exceptions.empty());
}

class BoundCalls : public testing::TestWithParam<std::string> {};

TEST_P(BoundCalls, AllocateNothing) {
  if (!kAllocationsCounted) GTEST_SKIP() << "sanitizers count for themselves";
  const ModelCase c = load_model_case(GetParam(), 2);
  for (const std::string& device : cpu_devices())
    for (const int threads : {1, 2}) {
      const Session session(c.model, {.device = device, .threads = threads});
      std::map<std::string, Shape, std::less<>> shapes;
      for (const auto& [name, tensor] : take_batch(c, 2, 0)) shapes[name] = tensor.shape();
      BoundCall call = session.bind(shapes);
      const std::int64_t before = allocations();
      const int runs = c.name == "top_tagger_resnet" ? 3 : 100;
      for (int i = 0; i < runs; ++i) {
        const Status status = call.run();
        if (!status.ok()) FAIL() << call.message(status);
      }
      EXPECT_EQ(allocations() - before, 0) << "on " << device << ", " << threads << " threads";
    }
}

// What a host relies on that runs a call only to keep it warm.
TEST_P(BoundCalls, KeepTheirInputs) {
  const ModelCase c = load_model_case(GetParam(), 2);
  const Tensors inputs = take_batch(c, 2, 0);
  const Session session(c.model);
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
  BoundCall call = session.bind(shapes);
  for (int i = 0; i < 2; ++i)
    for (const auto& [name, tensor] : inputs) {
      if (tensor.dtype() != DType::kFloat32) continue;
      const auto memory = call.input<float>(name);
      if (i == 0) std::memcpy(memory.data(), tensor.data(), tensor.bytes());
      EXPECT_TRUE(call.run().ok());
      EXPECT_EQ(std::memcmp(memory.data(), tensor.data(), tensor.bytes()), 0) << name;
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, BoundCalls,
                         testing::Values("jet_tagger", "patch_cnn_nhwc", "lstm", "gru", "attention",
                                         "attention_fused", "graph_network", "top_tagger_resnet",
                                         "emtrack_michel", "jet_tagger_tf2onnx",
                                         "jet_tagger_torch_dynamo", "boosted_trees"),
                         [](const auto& info) { return info.param; });

TEST(Allocations, AreCounted) {
  if (!kAllocationsCounted) GTEST_SKIP() << "sanitizers count for themselves";
  const std::int64_t before = allocations();
  const auto memory = std::make_unique<int>(1);
  EXPECT_EQ(*memory, 1);
  EXPECT_EQ(allocations() - before, 1);
}

/// Threads of a host that was built for speed: tasks start in any order, denormals are off.
class HostThreads final : public Executor {
 public:
  int concurrency() const noexcept override { return 3; }
  void parallel(int count, void (*task)(void*, int), void* context) noexcept override {
    std::atomic<int> next{count};
    const auto work = [&] {
      set_host_state(kFlushToZero);
      for (int i = --next; i >= 0; i = --next) task(context, i);
    };
    std::thread first(work), second(work), third(work);
    first.join();
    second.join();
    third.join();
    ++calls;
  }
  std::atomic<int> calls{0};
};

TEST(HostExecutor, GivesTheSameBits) {
  for (const char* name : {"jet_tagger", "patch_cnn_nhwc", "attention", "lstm"}) {
    const ModelCase c = load_model_case(name, 16);
    const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
    const auto executor = std::make_shared<HostThreads>();
    const Session session(c.model, {.executor = executor});
    for (const Index batch : kBatches)
      for (const Path path : kPaths)
        EXPECT_EQ(compare_batch(run_path(session, take_batch(c, batch, 5), path), alone, batch, 5),
                  "")
            << name << ", batch " << batch << " by " << name_of(path);
  }
}

// Large enough to be split, with products below the smallest normal number.
TEST(HostExecutor, KeepsDenormals) {
  OperatorCase c;
  c.op = make_operator("", "MatMul", {});
  c.inputs = {random(DType::kFloat32, {128, 64}, 1, -1e-20, 1e-20),
              random(DType::kFloat32, {64, 128}, 2, -1e-20, 1e-20)};
  const auto executor = std::make_shared<HostThreads>();
  Pool pool(1, executor);
  EXPECT_EQ(
      compare_bits(run_backend(c, *cpu::make_backend(best_isa()), pool)[0], run_evaluate(c)[0]),
      "");
  EXPECT_GT(executor->calls, 0);
}

TEST(Concurrency, ManyCallersOfOneSession) {
  const ModelCase c = load_model_case("jet_tagger", 64);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  for (const int threads : {1, 3}) {
    const Session session(c.model, {.threads = threads});
    std::vector<std::string> differences(8);
    std::vector<std::thread> callers;
    for (std::size_t t = 0; t < 8; ++t)
      callers.emplace_back([&, t] {
        for (std::size_t i = 0; i < 40 && differences[t].empty(); ++i) {
          const Index batch = kBatches[(t + i) % std::size(kBatches)],
                      first = static_cast<Index>(t + i);
          differences[t] =
              compare_batch(session.run(take_batch(c, batch, first)), alone, batch, first);
        }
      });
    for (std::thread& caller : callers) caller.join();
    for (const std::string& difference : differences) EXPECT_EQ(difference, "");
  }
}

TEST(Concurrency, CallbacksOfSubmittedRuns) {
  const ModelCase c = load_model_case("jet_tagger", 64);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  const Session session(c.model);
  std::mutex mutex;
  std::condition_variable done;
  std::vector<int> order;
  std::vector<std::string> differences;
  constexpr int kRuns = 50;
  for (int i = 0; i < kRuns; ++i) {
    const Index batch = kBatches[i % 8];
    session.submit(
        take_batch(c, batch, i), [&, i, batch](Tensors outputs, std::exception_ptr error) {
          const std::string difference = error ? "error" : compare_batch(outputs, alone, batch, i);
          const std::lock_guard lock(mutex);
          order.push_back(i);
          differences.push_back(difference);
          done.notify_one();
        });
  }
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return order.size() == kRuns; });
  for (int i = 0; i < kRuns; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  for (const std::string& difference : differences) EXPECT_EQ(difference, "");
}

TEST(Concurrency, SubmitReportsErrors) {
  const ModelCase c = load_model_case("jet_tagger", 1);
  const Session session(c.model);
  EXPECT_THROW(session.submit({{"no_such", Tensor(DType::kFloat32, {1})}}).get(), Error);
  EXPECT_EQ(session.submit(take_batch(c, 1, 0)).get().size(), 1u);
}

TEST(Concurrency, SessionWaitsForWhatIsSubmitted) {
  const ModelCase c = load_model_case("jet_tagger", 8);
  std::atomic<int> finished{0};
  {
    const Session session(c.model);
    for (int i = 0; i < 20; ++i)
      session.submit(take_batch(c, 8, 0), [&](Tensors, std::exception_ptr) { ++finished; });
  }
  EXPECT_EQ(finished, 20);
}

// Denormal inputs and weights: flushing them, or rounding upwards, would move the result.
TEST(HostState, IsNeitherUsedNorChanged) {
  const ModelCase usual = load_model_case("jet_tagger", 8);
  const std::string bad = std::string(ENGINE_SOURCE_DIR) + "/models/bad/denormal_weights.onnx";
  const ModelCase denormal = random_model_case(bad, 8);
  for (const ModelCase* c : {&usual, &denormal}) {
    const std::vector<Tensors> alone = run_alone(*c, "cpu:scalar");
    for (const std::string& device : cpu_devices())
      for (const int threads : {1, 3})
        for (const Path path : kPaths)
          for (const unsigned state : {kFlushToZero, kRoundUp, kFlushToZero | kRoundUp}) {
            const Tensors inputs = take_batch(*c, 7, 2);
            set_host_state(state);
            const unsigned before = host_state();
            const Session session(c->model, {.device = device, .threads = threads});
            const Tensors outputs = run_path(session, inputs, path);
            const unsigned after = host_state();
            set_host_state(kDefaultState);
            EXPECT_EQ(before, after) << "the host's state was changed";
            EXPECT_EQ(compare_batch(outputs, alone, 7, 2), "")
                << c->name << " on " << device << " by " << name_of(path) << ", state " << state;
          }
  }
}

// The test above is worth something only if the state matters.
TEST(HostState, FlushingWouldBeSeen) {
  volatile float tiny = 1e-40f;
  set_host_state(kFlushToZero);
  const volatile float flushed = tiny * 0.5f;
  set_host_state(kDefaultState);
  const volatile float kept = tiny * 0.5f;
  EXPECT_EQ(flushed, 0.0f);
  EXPECT_NE(kept, 0.0f);
}

}  // namespace
}  // namespace engine::test
