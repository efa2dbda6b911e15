// engine/tbb.h on a real arena: the same bits and no deadlock however runs nest, with the host's
// tasks cancelled, throwing, or in another floating-point state.
#include "ops/cpu/kernel.h"
#include "support/host_state.h"
#include "support/model_case.h"
#include "support/operator_case.h"

#include <engine/tbb.h>

#include <gtest/gtest.h>

#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace engine::test {
namespace {

constexpr Index kBatches[] = {1, 7, 16, 33};
constexpr int kEvents = 48;

/// TBB starts no more threads than there are cores, unless it is told to.
class TbbThreads : public testing::Test {
  tbb::global_control threads_{tbb::global_control::max_allowed_parallelism, 8};
};

/// Products large enough to be split.
OperatorCase large_product(double largest) {
  OperatorCase c;
  c.op = make_operator("", "MatMul", {});
  c.inputs = {random(DType::kFloat32, {128, 64}, 1, -largest, largest),
              random(DType::kFloat32, {64, 128}, 2, -largest, largest)};
  return c;
}

/// Sees each task before and after it ran.
class WatchedExecutor final : public TbbExecutor {
 public:
  using TbbExecutor::TbbExecutor;
  void parallel(int count, void (*task)(void*, int), void* context) noexcept override {
    Job job{*this, task, context};
    TbbExecutor::parallel(
        count, [](void* opaque, int i) { static_cast<Job*>(opaque)->run(i); }, &job);
    calls += 1;
  }

  std::atomic<int> calls{0}, tasks{0}, flushing{0}, changed{0};

 private:
  struct Job {
    WatchedExecutor& self;
    void (*task)(void*, int);
    void* context;
    void run(int i) const noexcept {
      const unsigned before = host_state();
      task(context, i);
      self.tasks += 1;
      self.flushing += (before & kFlushToZero) == kFlushToZero;
      self.changed += host_state() != before;
    }
  };
};

std::map<std::string, Shape, std::less<>> shapes_of(const Tensors& inputs) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
  return shapes;
}

/// Differences of a few batches on all paths.
std::string check_batches(const ModelCase& c, const Session& session,
                          const std::vector<Tensors>& alone) {
  for (const Index batch : kBatches)
    for (const Path path : kPaths)
      if (const auto difference =
              compare_batch(run_path(session, take_batch(c, batch, 5), path), alone, batch, 5);
          !difference.empty())
        return difference + ", batch " + std::to_string(batch) + " by " + name_of(path);
  return "";
}

TEST_F(TbbThreads, GiveTheSameBitsToAllHostThreads) {
  tbb::task_arena arena(3);
  for (const char* name : {"jet_tagger", "patch_cnn_nhwc", "attention", "lstm"}) {
    const ModelCase c = load_model_case(name, 16);
    const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
    const auto executor = std::make_shared<WatchedExecutor>(arena);
    EXPECT_EQ(executor->concurrency(), 3);
    const Session shared(c.model, {.executor = executor});
    std::vector<std::string> differences(4);
    std::vector<std::thread> hosts;
    for (std::string& difference : differences)
      hosts.emplace_back([&] { difference = check_batches(c, shared, alone); });
    for (std::thread& host : hosts) host.join();
    for (const std::string& difference : differences) EXPECT_EQ(difference, "") << name;
    if (c.name == "patch_cnn_nhwc") {
      EXPECT_GT(executor->calls, 0);
    }
  }
}

TEST_F(TbbThreads, CallEachTaskOnce) {
  for (const int threads : {1, 2, 5}) {
    tbb::task_arena arena(threads);
    TbbExecutor executor(arena);
    EXPECT_EQ(executor.concurrency(), threads);
    for (const int count : {1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      executor.parallel(
          count,
          [](void* context, int i) {
            (*static_cast<std::vector<std::atomic<int>>*>(context))[static_cast<std::size_t>(i)]++;
          },
          &calls);
      EXPECT_TRUE(std::ranges::all_of(calls, [](const auto& n) { return n == 1; }))
          << count << " tasks on " << threads << " threads";
    }
  }
}

TEST_F(TbbThreads, AreThoseOfTheCallersArena) {
  tbb::task_arena arena(2);
  arena.execute([&] {
    TbbExecutor executor;
    EXPECT_EQ(executor.concurrency(), 2);
    std::atomic<int> inside{0};
    executor.parallel(
        100,
        [](void* context, int) {
          *static_cast<std::atomic<int>*>(context) += tbb::this_task_arena::max_concurrency() == 2;
        },
        &inside);
    EXPECT_EQ(inside, 100);
  });
}

TEST_F(TbbThreads, LeaveAnArenaOfOneToTheCaller) {
  tbb::task_arena arena(1);
  const ModelCase c = load_model_case("patch_cnn_nhwc", 16);
  const auto executor = std::make_shared<WatchedExecutor>(arena);
  const Session session(c.model, {.executor = executor});
  EXPECT_EQ(check_batches(c, session, run_alone(c, "cpu:scalar")), "");
  EXPECT_EQ(executor->calls, 0);
}

// A thread that waits inside a run must not begin another task of the host.
TEST_F(TbbThreads, TakeNoOtherTaskWhileTheyWait) {
  tbb::task_arena arena(4);
  TbbExecutor executor(arena);
  tbb::enumerable_thread_specific<bool> inside(false);
  std::atomic<int> entered_again{0};
  const auto event = [&](int) {
    bool& mine = inside.local();
    entered_again += mine;
    mine = true;
    executor.parallel(
        4,
        [](void*, int i) {
          std::this_thread::sleep_for(std::chrono::microseconds(i == 1 ? 2000 : 50));
        },
        nullptr);
    mine = false;
  };
  arena.execute([&] { tbb::parallel_for(0, kEvents, event, tbb::simple_partitioner()); });
  EXPECT_EQ(entered_again, 0);
}

// Each thread of the host keeps a call of its own.
TEST_F(TbbThreads, NestInTasksOfTheHost) {
  const ModelCase c = load_model_case("patch_cnn_nhwc", 16);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  const Tensors inputs = take_batch(c, 16, 3);
  tbb::task_arena arena(4);
  arena.execute([&] {
    const Session session(c.model, {.executor = std::make_shared<TbbExecutor>()});
    struct Local {
      BoundCall call;
      bool inside = false;
    };
    tbb::enumerable_thread_specific<Local> locals(
        [&] { return Local{session.bind(shapes_of(inputs))}; });
    std::atomic<int> entered_again{0}, faults{0};
    std::mutex mutex;
    std::set<std::string> differences;
    tbb::parallel_for(
        0, kEvents,
        [&](int) {
          Local& local = locals.local();
          entered_again += local.inside;
          local.inside = true;
          for (const auto& [name, tensor] : inputs)
            std::memcpy(local.call.input<float>(name).data(), tensor.data(), tensor.bytes());
          faults += !local.call.run().ok();
          Tensors outputs;
          for (const TensorInfo& info : c.model.outputs())
            outputs[info.name] = Tensor::of<float>(local.call.output_shape(info.name),
                                                   local.call.output<float>(info.name));
          local.inside = false;
          const std::string difference = compare_batch(outputs, alone, 16, 3);
          const std::lock_guard lock(mutex);
          differences.insert(difference);
        },
        tbb::simple_partitioner());
    EXPECT_EQ(entered_again, 0);
    EXPECT_EQ(faults, 0);
    EXPECT_EQ(differences, std::set<std::string>{""});
  });
}

// A host's state is seen by its own tasks only; denormal products show that ours do not flush.
TEST_F(TbbThreads, KeepDenormalsAndTheHostsState) {
  const OperatorCase c = large_product(1e-20);
  const std::vector<Tensor> wanted = run_evaluate(c);
  set_host_state(kFlushToZero);  // what an arena's tasks run in is what its maker had
  tbb::task_arena arena(3);
  arena.initialize();
  const auto executor = std::make_shared<WatchedExecutor>(arena);
  Pool pool(1, executor);
  std::vector<std::string> differences;
  for (int i = 0; i < 20; ++i)
    differences.push_back(
        compare_bits(run_backend(c, *cpu::make_backend(best_isa()), pool)[0], wanted[0]));
  const unsigned after = host_state();
  set_host_state(kDefaultState);
  for (const std::string& difference : differences) EXPECT_EQ(difference, "");
  EXPECT_EQ(after & kFlushToZero, kFlushToZero);
  EXPECT_GT(executor->tasks, 20);
  EXPECT_EQ(executor->flushing, executor->tasks);
  EXPECT_EQ(executor->changed, 0);
}

TEST_F(TbbThreads, FinishARunThatTheHostCancels) {
  const ModelCase c = load_model_case("patch_cnn_nhwc", 16);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  tbb::task_arena arena(3);
  arena.execute([&] {
    const Session session(c.model, {.executor = std::make_shared<TbbExecutor>()});
    tbb::task_group_context host;
    std::atomic<int> runs{0};
    std::mutex mutex;
    std::set<std::string> differences;
    tbb::parallel_for(
        0, kEvents,
        [&](int) {
          host.cancel_group_execution();
          const std::string difference =
              compare_batch(session.run(take_batch(c, 16, 1)), alone, 16, 1);
          const std::lock_guard lock(mutex);
          differences.insert(difference);
          ++runs;
        },
        host);
    EXPECT_GT(runs, 0);
    EXPECT_EQ(differences, std::set<std::string>{""});
  });
}

TEST_F(TbbThreads, PassErrorsToTheHost) {
  const ModelCase c = load_model_case("patch_cnn_nhwc", 16);
  const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
  tbb::task_arena arena(3);
  arena.execute([&] {
    const Session session(c.model, {.executor = std::make_shared<TbbExecutor>()});
    EXPECT_THROW(
        tbb::parallel_for(
            0, kEvents, [&](int i) { session.run(i % 7 == 3 ? Tensors{} : take_batch(c, 16, 0)); }),
        Error);
    EXPECT_EQ(compare_batch(session.run(take_batch(c, 16, 0)), alone, 16, 0), "");
  });
}

}  // namespace
}  // namespace engine::test
