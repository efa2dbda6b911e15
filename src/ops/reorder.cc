#include "ops/reorder.h"

#include <algorithm>

namespace engine::ops {
namespace {

class ReorderKernel final : public Kernel {
 public:
  ReorderKernel(const BlockedView& view, bool to_blocked) : view_(view), to_blocked_(to_blocked) {}

  Fault run(const Call& call) const noexcept override {
    const float* from = static_cast<const float*>(call.in[0]);
    float* to = static_cast<float*>(call.out[0]);
    const Index each = view_.plane();
    constexpr Index kFloatsPerTask = 1 << 14;
    call.pool.ranges(view_.batch * view_.blocks, std::max<Index>(1, kFloatsPerTask / each),
                     [&](Index first, Index last) {
                       for (Index i = first; i < last; ++i) {
                         const Index n = i / view_.blocks, j = i % view_.blocks;
                         if (to_blocked_) block(n, j, from, to);
                         else unblock(n, j, from, to);
                       }
                     });
    return kNoFault;
  }
  std::string name() const override { return to_blocked_ ? "to_blocked" : "to_plain"; }

 private:
  Index plain_offset(Index n, Index j) const noexcept {
    return (n * view_.channels + j * view_.block) * view_.height * view_.width;
  }

  void block(Index n, Index j, const float* from, float* to) const noexcept {
    view_.clear_border(to, n, j);
    const Index pixels = view_.height * view_.width, lanes = view_.lanes(j);
    from += plain_offset(n, j);
    for (Index y = 0; y < view_.height; ++y) {
      float* row = to + view_.offset(n, j, y, 0);
      for (Index x = 0; x < view_.width; ++x, ++from, row += view_.block)
        for (Index c = 0; c < lanes; ++c) row[c] = from[c * pixels];
    }
  }

  void unblock(Index n, Index j, const float* from, float* to) const noexcept {
    const Index pixels = view_.height * view_.width, lanes = view_.lanes(j);
    to += plain_offset(n, j);
    for (Index y = 0; y < view_.height; ++y) {
      const float* row = from + view_.offset(n, j, y, 0);
      for (Index x = 0; x < view_.width; ++x, ++to, row += view_.block)
        for (Index c = 0; c < lanes; ++c) to[c * pixels] = row[c];
    }
  }

  BlockedView view_;
  bool to_blocked_;
};

}  // namespace

std::unique_ptr<Kernel> bind_reorder(const Input& from, const Output& to) {
  const bool to_blocked = to.layout.blocked;
  return std::make_unique<ReorderKernel>(
      BlockedView(from.shape(), to_blocked ? to.layout : from.layout), to_blocked);
}

}  // namespace engine::ops
