// Context: the memory of one run of a plan, and the walk over its kernels.
#pragma once

#include "base/aligned.h"
#include "base/pool.h"
#include "graph/planner/plan.h"

#include <engine/profile.h>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace engine::graph {

/// One thread at a time. After construction nothing is looked up, resized, allocated or decided. A
/// backend whose tensors are not in host memory makes the run itself (ops::DeviceRun).
class Context {
 public:
  /// Takes the arena and resolves all pointers. Kernels share the threads of `pool`, which outlives
  /// this. Throws Error (kResourceExhausted, kDeviceFailed).
  Context(std::shared_ptr<const Plan> plan, Pool& pool);
  /// The same in memory that the caller lends: `arena_bytes` of the plan, 64-byte aligned. For
  /// kernels that run in host memory.
  Context(std::shared_ptr<const Plan> plan, Pool& pool, std::byte* arena);
  Context(const Context&) = delete;

  const Plan& plan() const noexcept { return *plan_; }
  std::byte* input(std::size_t i) const noexcept {
    return device_ ? device_->input(i) : arena_ + plan_->inputs[i].place.offset;
  }
  std::byte* output(std::size_t i) const noexcept {
    return device_ ? device_->output(i) : arena_ + plan_->outputs[i].place.offset;
  }

  /// Status::node is the position of the step. The caller has set the floating-point state.
  Status run() noexcept;
  /// The same, adding times to `profile`, whose nodes it makes if there are none.
  Status run(Profile& profile);

  /// Whether `start` may be called: all of the run is the device's.
  bool can_start() const noexcept { return device_ && !device_->needs_host(); }
  /// Queues a run and returns; `done` is called as by ops::DeviceRun::start.
  void start(std::function<void(const Status&)> done) noexcept;

 private:
  struct Bound {
    const ops::Kernel* kernel;
    ops::Call call;
  };
  void take_arena();
  void bind_steps(Pool& pool);
  std::unique_ptr<ops::DeviceRun> record(Pool& pool) const;
  void* resolve(const Place& place) const noexcept;
  Status run_steps(std::span<std::int64_t> spent);
  void begin(Profile& profile) const;

  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<ops::DeviceRun> device_;  // null: all below
  AlignedBytes own_;
  std::byte* arena_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
  std::vector<Bound> steps_;
  unsigned earlier_runs_ = 0;  // that calls point to
};

}  // namespace engine::graph
