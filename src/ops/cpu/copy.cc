#include "ops/cpu/copy.h"

namespace engine::cpu {
namespace {

class CopyKernel final : public Kernel {
 public:
  CopyKernel(const char* name, std::vector<CopyOperand> operands)
      : name_(name), operands_(std::move(operands)) {}

  Fault run(const Call& call) const noexcept override {
    constexpr Index kBytesPerTask = 1 << 16;  // below, handing over costs more than it saves
    for (const CopyOperand& operand : operands_) {
      const CopyPlan& plan = operand.plan;
      const Index grain = std::max<Index>(1, kBytesPerTask / std::max<Index>(1, plan.part_bytes()));
      call.pool.ranges(plan.parts(), grain, [&](Index first, Index last) {
        plan.run(call.in[operand.in], call.out[operand.out], first, last);
      });
    }
    return ops::kNoFault;
  }
  std::string name() const override { return name_; }

 private:
  const char* name_;
  std::vector<CopyOperand> operands_;
};

}  // namespace

CopyPlan::CopyPlan(const ops::LoopAxes<2>& axes, Index element_bytes, Index from_start,
                   Index to_start)
    : run_(element_bytes),
      from_start_(from_start * element_bytes),
      to_start_(to_start * element_bytes) {
  ops::LoopAxes<2> merged = ops::merge_axes(axes);
  if (merged.back().extent == 0) {
    count_ = 0;
    return;
  }
  const auto& last = merged.back();
  if (last.strides[0] == 1 && last.strides[1] == 1) {
    run_ *= last.extent;
    merged.pop_back();
  }
  if (!merged.empty()) {
    count_ = merged.back().extent;
    from_step_ = merged.back().strides[0] * element_bytes;
    to_step_ = merged.back().strides[1] * element_bytes;
    merged.pop_back();
  }
  for (const auto& axis : merged) {
    outer_.push_back(
        {axis.extent, axis.strides[0] * element_bytes, axis.strides[1] * element_bytes});
    positions_ *= axis.extent;
  }
}

void CopyPlan::run(const void* from_data, void* to_data, Index first, Index last) const noexcept {
  const auto* from_first = static_cast<const std::byte*>(from_data) + from_start_;
  auto* to_first = static_cast<std::byte*>(to_data) + to_start_;
  with_copy(run_, [&](const auto& copy) {
    for (Index part = first; part < last; ++part) {
      const std::byte* from = from_first;
      std::byte* to = to_first;
      Index rest = part;
      for (std::size_t i = outer_.size(); i-- > 0;) {
        const Index position = rest % outer_[i].extent;
        rest /= outer_[i].extent;
        from += position * outer_[i].from;
        to += position * outer_[i].to;
      }
      for (Index k = 0; k < count_; ++k, from += from_step_, to += to_step_) copy(from, to);
    }
  });
}

std::unique_ptr<Kernel> make_copy_kernel(const char* name, std::vector<CopyOperand> operands) {
  return std::make_unique<CopyKernel>(name, std::move(operands));
}

}  // namespace engine::cpu
