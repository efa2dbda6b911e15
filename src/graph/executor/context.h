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
  /// Takes the arena and resolves all pointers. Throws Error (kResourceExhausted).
  explicit Context(std::shared_ptr<const Plan> plan);
  Context(const Context&) = delete;

  const Plan& plan() const noexcept { return *plan_; }
  std::byte* input(std::size_t i) const noexcept {
    return arena_.get() + plan_->inputs[i].place.offset;
  }
  std::byte* output(std::size_t i) const noexcept {
    return arena_.get() + plan_->outputs[i].place.offset;
  }

  /// Status::node is the position of the step. The caller has set the floating-point state.
  Status run(Pool& pool) noexcept;
  /// The same, adding times to `profile`, whose nodes it makes if there are none.
  Status run(Pool& pool, Profile& profile);

 private:
  struct Bound {
    const ops::Kernel* kernel;
    const void* const* in;
    void* const* out;
    std::byte* scratch;
  };
  void* resolve(const Place& place) const noexcept;
  Status run_step(std::size_t i, Pool& pool) noexcept;
  void begin(Profile& profile) const;

  std::shared_ptr<const Plan> plan_;
  AlignedBytes arena_;
  std::vector<const void*> in_;
  std::vector<void*> out_;
  std::vector<Bound> steps_;
};

}  // namespace engine::graph
