// Context: the memory of one run of a plan, and the walk over its kernels.
#pragma once

#include "base/aligned.h"
#include "base/pool.h"
#include "graph/planner/plan.h"

#include <engine/profile.h>

#include <chrono>
#include <memory>
#include <vector>

namespace engine::graph {

/// One thread at a time. After construction nothing is looked up, resized, allocated or decided.
class Context {
 public:
  /// Takes the arena and resolves all pointers. Kernels share the threads of `pool`, which outlives
  /// this. Throws Error (kResourceExhausted).
  Context(std::shared_ptr<const Plan> plan, Pool& pool);
  /// The same in memory that the caller lends: `arena_bytes` of the plan, 64-byte aligned.
  Context(std::shared_ptr<const Plan> plan, Pool& pool, std::byte* arena);
  Context(const Context&) = delete;

  const Plan& plan() const noexcept { return *plan_; }
  std::byte* input(std::size_t i) const noexcept { return arena_ + plan_->inputs[i].place.offset; }
  std::byte* output(std::size_t i) const noexcept {
    return arena_ + plan_->outputs[i].place.offset;
  }

  /// Status::node is the position of the step. The caller has set the floating-point state.
  Status run() noexcept;
  /// The same, adding times to `profile`, whose nodes it makes if there are none.
  Status run(Profile& profile);

 private:
  struct Bound {
    const ops::Kernel* kernel;
    ops::Call call;
  };
  void* resolve(const Place& place) const noexcept;
  void begin(Profile& profile) const;

  std::shared_ptr<const Plan> plan_;
  AlignedBytes own_;
  std::byte* arena_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
  std::vector<Bound> steps_;
};

}  // namespace engine::graph
