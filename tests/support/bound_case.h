// An operator case bound to a backend's kernel, as the planner does it.
#pragma once

#include "support/operator_case.h"

#include <deque>
#include <memory>

namespace engine::test {

/// Outputs of the right types and shapes, full of bytes that look like nothing right.
std::vector<Tensor> make_outputs(const OperatorCase& c);

std::vector<ops::Input> views(const std::vector<Tensor>& tensors);
std::vector<ops::Output> mutable_views(std::vector<Tensor>& tensors);

/// Packed when made; then perhaps blocked; then bound; then run any number of times. Keeps
/// references to the case and the backend.
class BoundCase {
 public:
  BoundCase(const OperatorCase& c, const ops::Backend& backend);

  /// Borders of blocked operands beyond what a kernel asks for.
  struct Spare {
    ops::Border output, input;
  };
  /// Blocks the operands that the backend offers to take so; false, and nothing changes, if none.
  bool block(Pool& pool, const Spare& spare = {});
  bool blocked() const noexcept { return blocked_; }

  /// With the choices of a table, if there is one.
  void bind(Pool& pool, const ops::TuningTable* tuning = nullptr);
  const ops::Kernel& kernel() const noexcept { return *kernel_; }

  /// Throws Error if the kernel reports a fault.
  void run(Pool& pool);

  /// The outputs of the last run, plain. Throws Error if a blocked output's border is not +0.
  std::vector<Tensor> take_outputs(Pool& pool);

 private:
  ops::Binding binding(int threads = 1, const ops::TuningTable* tuning = nullptr) const {
    return {*case_.op, in_, out_, packed_.get(), threads, tuning};
  }
  void* memory(std::size_t bytes);
  void read_blocked_output(Pool& pool);

  const OperatorCase& case_;
  const ops::Backend& backend_;
  std::vector<Tensor> outputs_;
  std::vector<ops::Input> in_;
  std::vector<ops::Output> out_;
  std::vector<const void*> in_data_;
  std::vector<void*> out_data_;
  std::shared_ptr<const ops::Packed> packed_;
  std::unique_ptr<ops::Kernel> kernel_;
  std::deque<Tensor> memory_;
  std::byte* scratch_ = nullptr;
  bool blocked_ = false;
};

}  // namespace engine::test
