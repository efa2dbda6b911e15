// The threads of oneTBB for a session. Not part of <engine/engine.h>: who includes this links TBB,
// the engine itself does not.
#pragma once

#include <engine/session.h>

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>

namespace engine {

/// Runs the parts of a run as tasks of an arena. A thread that waits for parts takes no other task
/// meanwhile, so that a host may keep one BoundCall for each of its threads. A run that has begun
/// gives all its results, also if the host cancels the tasks around it.
class TbbExecutor : public Executor {
 public:
  /// In the arena of whichever thread runs the session. `concurrency` is that of the arena in which
  /// this is made.
  TbbExecutor() : concurrency_(tbb::this_task_arena::max_concurrency()) {}

  /// In this arena, which outlives the executor, from whichever thread runs the session.
  explicit TbbExecutor(tbb::task_arena& arena)
      : arena_(&arena), concurrency_(arena.max_concurrency()) {}

  int concurrency() const noexcept override { return concurrency_; }

  void parallel(int count, void (*task)(void* context, int i), void* context) noexcept override {
    std::atomic<int> next{0};
    const auto work = [&] {
      for (int i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) task(context, i);
    };
    const auto spread = [&] {
      tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(
            0, std::min(count, concurrency_), [&](int) { work(); }, tbb::simple_partitioner());
      });
    };
    try {
      if (arena_) arena_->execute(spread);
      else spread();
    } catch (...) {  // no memory for tasks; those that exist have ended
    }
    work();  // what is left if the host cancels, or memory ends
  }

 private:
  tbb::task_arena* arena_ = nullptr;
  int concurrency_;
};

}  // namespace engine
