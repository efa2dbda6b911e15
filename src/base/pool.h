// A small persistent thread pool for one session.
#pragma once

#include <engine/session.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace engine {

/// Splits a loop over threads. Tasks are handed out one by one from an atomic counter, so a caller
/// whose workers sleep or are busy does the work alone; what a task computes never depends on who
/// runs it. Re-entrant: a second caller finds the pool taken and runs its tasks itself.
class Pool {
 public:
  /// `threads` counts the caller; 1 starts no thread. With an executor, its threads are used.
  Pool(int threads, std::shared_ptr<Executor> executor);
  ~Pool();
  Pool(const Pool&) = delete;

  /// 1 means that `parallel` is a plain loop.
  int concurrency() const noexcept { return concurrency_; }

  /// Calls `task(i)` once for each i in [0, count). Allocates nothing. `task` must not throw.
  template <class Task>
  void parallel(Index count, const Task& task) noexcept {
    if (count <= 1 || concurrency_ == 1) {
      for (Index i = 0; i < count; ++i) task(i);
      return;
    }
    run(
        static_cast<int>(count),
        [](void* context, int i) { (*static_cast<const Task*>(context))(i); },
        const_cast<Task*>(&task));
  }

  /// Splits [0, n) into at most `concurrency` ranges whose bounds are multiples of `grain` and
  /// calls `task(first, last)` on each.
  template <class Task>
  void ranges(Index n, Index grain, const Task& task) noexcept {
    if (concurrency_ == 1) {
      if (n > 0) task(Index{0}, n);
      return;
    }
    const Index pieces = (n + grain - 1) / grain;
    const Index parts = pieces < concurrency_ ? pieces : concurrency_;
    if (parts <= 1) {
      if (n > 0) task(Index{0}, n);
      return;
    }
    parallel(parts, [&](Index i) {
      const Index first = pieces * i / parts * grain;
      const Index last = i + 1 == parts ? n : pieces * (i + 1) / parts * grain;
      task(first, last);
    });
  }

 private:
  void run(int count, void (*task)(void*, int), void* context) noexcept;
  void run_on_executor(int count, void (*task)(void*, int), void* context) noexcept;
  void work() noexcept;
  void join() noexcept;
  void take_tasks() noexcept;

  std::shared_ptr<Executor> executor_;
  int concurrency_ = 1;
  std::vector<std::thread> workers_;
  std::atomic<bool> taken_{false};

  // The job at hand: written by the owner before `generation_` moves, read by workers after it.
  void (*task_)(void*, int) = nullptr;
  void* context_ = nullptr;
  int count_ = 0;
  std::atomic<int> next_{0};
  std::atomic<int> busy_{0};  ///< workers inside the current job
  std::atomic<unsigned> generation_{0};
  std::atomic<bool> stop_{false};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace engine
