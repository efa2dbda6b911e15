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
    constexpr Index kFloatsPerTask = 1 << 14;
    const Index grain = std::max<Index>(1, kFloatsPerTask / std::max<Index>(1, view_.row()));
    call.pool.ranges(view_.batch * view_.blocks * view_.height, grain,
                     [&](Index first, Index last) {
                       for (Index i = first; i < last; ++i) {
                         const Index plane = i / view_.height, y = i % view_.height;
                         const Index n = plane / view_.blocks, j = plane % view_.blocks;
                         if (to_blocked_) block(n, j, y, from, to);
                         else unblock(n, j, y, from, to);
                       }
                     });
    return kNoFault;
  }
  std::string name() const override { return to_blocked_ ? "to_blocked" : "to_plain"; }

 private:
  Index plain_offset(Index n, Index j) const noexcept {
    return (n * view_.channels + j * view_.block) * view_.height * view_.width;
  }

  // Channel by channel: a row of blocks stays in the first-level cache.
  void block(Index n, Index j, Index y, const float* from, float* to) const noexcept {
    if (y == 0) view_.clear_border(to, n, j);
    const Index pixels = view_.height * view_.width, block = view_.block;
    from += plain_offset(n, j) + y * view_.width;
    float* row = to + view_.offset(n, j, y, 0);
    if (block == 1) std::copy_n(from, view_.width, row);
    else
      for (Index c = 0; c < view_.lanes(j); ++c)
        for (Index x = 0; x < view_.width; ++x) row[x * block + c] = from[c * pixels + x];
  }

  void unblock(Index n, Index j, Index y, const float* from, float* to) const noexcept {
    const Index pixels = view_.height * view_.width, block = view_.block;
    to += plain_offset(n, j) + y * view_.width;
    const float* row = from + view_.offset(n, j, y, 0);
    if (block == 1) std::copy_n(row, view_.width, to);
    else
      for (Index c = 0; c < view_.lanes(j); ++c)
        for (Index x = 0; x < view_.width; ++x) to[c * pixels + x] = row[x * block + c];
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
