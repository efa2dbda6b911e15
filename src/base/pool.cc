#include "base/pool.h"

#include "base/check.h"
#include "base/fp_state.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace engine {
namespace {

void relax() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// About 2 ms of pauses: longer than the gap between two layers, shorter than between two requests.
constexpr int kSpins = 40'000;

}  // namespace

Pool::Pool(int threads, std::shared_ptr<Executor> executor) : executor_(std::move(executor)) {
  concurrency_ = executor_ ? std::max(1, executor_->concurrency()) : std::max(1, threads);
  if (executor_) return;
  try {
    for (int i = 1; i < concurrency_; ++i) workers_.emplace_back([this] { work(); });
  } catch (const std::exception& error) {
    const std::size_t made = workers_.size();
    join();
    fail(ErrorCode::kResourceExhausted, "only ", made + 1, " of ", concurrency_,
         " threads could be started (", error.what(), "); use fewer");
  }
}

Pool::~Pool() { join(); }

void Pool::join() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::run(int count, void (*task)(void*, int), void* context) noexcept {
  if (executor_) {
    run_on_executor(count, task, context);
    return;
  }
  if (taken_.exchange(true, std::memory_order_acquire)) {  // another run has the workers
    for (int i = 0; i < count; ++i) task(context, i);
    return;
  }
  // No worker is inside the old job here: the previous owner waited for busy_ == 0, and a worker
  // enters only between odd (open) and even (closed) generations.
  task_ = task;
  context_ = context;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_seq_cst);  // open
  if (sleeping_.load(std::memory_order_seq_cst) > 0) {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  take_tasks();
  generation_.fetch_add(1, std::memory_order_seq_cst);  // closed
  while (busy_.load(std::memory_order_seq_cst) != 0) relax();
  taken_.store(false, std::memory_order_release);
}

// The host's threads come with a floating-point state of their own.
void Pool::run_on_executor(int count, void (*task)(void*, int), void* context) noexcept {
  struct Job {
    void (*task)(void*, int);
    void* context;
  } job{task, context};
  executor_->parallel(
      count,
      [](void* opaque, int i) {
        const FpState fp;
        const Job& inner = *static_cast<const Job*>(opaque);
        inner.task(inner.context, i);
      },
      &job);
}

void Pool::take_tasks() noexcept {
  for (int i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) task_(context_, i);
}

void Pool::work() noexcept {
  const FpState fp;
  unsigned seen = 0;
  for (int spins = 0; !stop_.load(std::memory_order_relaxed);) {
    const unsigned now = generation_.load(std::memory_order_seq_cst);
    if (now != seen && (now & 1u) != 0) {
      // Announce first, then check again that the job is still open: the owner closes it first and
      // then waits until nobody is inside, so one of the two sees the other.
      busy_.fetch_add(1, std::memory_order_seq_cst);
      if (generation_.load(std::memory_order_seq_cst) == now) take_tasks();
      busy_.fetch_sub(1, std::memory_order_seq_cst);
      seen = now;
      spins = 0;
      continue;
    }
    if (++spins < kSpins) {
      relax();
      continue;
    }
    std::unique_lock lock(mutex_);
    sleeping_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [&] {
      const unsigned current = generation_.load(std::memory_order_seq_cst);
      return stop_ || (current != seen && (current & 1u) != 0);
    });
    sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    spins = 0;
  }
}

}  // namespace engine
