// Resize to the nearest neighbour, any element type but string: what each output position reads is
// worked out when the kernel is bound. Rows that read the same are copied from the one before.
#include "ops/resize.h"

#include "ops/cpu/copy.h"

namespace engine::cpu {
namespace {

class NearestKernel final : public Kernel {
 public:
  /// positions[axis][i]: what output position i of the axis reads, in elements.
  NearestKernel(std::vector<std::vector<Index>> positions, bool last_stays, std::size_t bytes)
      : positions_(std::move(positions)),
        columns_(positions_.back()),
        last_stays_(last_stays),
        bytes_(bytes) {
    positions_.pop_back();
    for (const auto& axis : positions_) rows_ *= std::ssize(axis);
  }

  Fault run(const Call& call) const noexcept override {
    constexpr Index kElementsPerTask = 1 << 14;  // below, handing over costs more than it saves
    const Index grain = std::max<Index>(1, kElementsPerTask / std::ssize(columns_));
    call.pool.ranges(rows_, grain, [&](Index first, Index last) {
      dispatch_size(bytes_, [&](auto tag) {
        using T = typename decltype(tag)::type;
        run_rows(static_cast<const T*>(call.in[0]), first, last, static_cast<T*>(call.out[0]));
      });
    });
    return ops::kNoFault;
  }
  std::string name() const override { return "resize_nearest"; }

 private:
  Index start_of(Index row) const noexcept {
    Index at = 0;
    for (std::size_t axis = positions_.size(); axis-- > 0;) {
      const Index extent = std::ssize(positions_[axis]);
      at += positions_[axis][static_cast<std::size_t>(row % extent)];
      row /= extent;
    }
    return at;
  }

  template <class T>
  void run_rows(const T* x, Index first, Index last, T* y) const noexcept {
    const Index width = std::ssize(columns_);
    Index before = -1;
    y += first * width;
    for (Index row = first; row < last; ++row, y += width) {
      const Index at = start_of(row);
      if (at == before) std::copy_n(y - width, width, y);
      else if (last_stays_) std::copy_n(x + at, width, y);
      else
        for (Index i = 0; i < width; ++i) y[i] = x[at + columns_[static_cast<std::size_t>(i)]];
      before = at;
    }
  }

  std::vector<std::vector<Index>> positions_;  ///< of all axes but the last
  std::vector<Index> columns_;
  bool last_stays_;
  std::size_t bytes_;
  Index rows_ = 1;
};

}  // namespace

std::unique_ptr<Kernel> bind_resize(const Binding& binding, Isa) {
  const auto& op = static_cast<const ops::Resize&>(binding.op);
  const ops::Input& x = binding.in[0];
  const bool crops = op.coordinates == ops::ResizeCoordinates::kCropAndResize;
  constexpr Index kMostPositions = 1 << 20;  // before the plan's memory is checked
  Index sum = 0;
  for (const Index extent : binding.out[0].shape()) sum += std::min(extent, kMostPositions);
  if (op.mode != ops::ResizeMode::kNearest || crops || x.rank() == 0 || sum >= kMostPositions)
    return nullptr;
  for (std::size_t i = 1; i < binding.in.size(); ++i)
    if (binding.in[i] && binding.in[i].size() > 0 && !binding.in[i].data) return nullptr;
  const std::vector<ops::ResizeAxis> axes = op.resolve(binding.in);
  const Shape strides = strides_of(x.shape());
  std::vector<std::vector<Index>> positions;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].output != binding.out[0].shape()[i]) return nullptr;
    std::vector<Index>& axis = positions.emplace_back();
    if (axes[i].identity)
      for (Index k = 0; k < axes[i].output; ++k) axis.push_back(k * strides[i]);
    else
      for (const Index k : op.table(axes[i]).index) axis.push_back(k * strides[i]);
  }
  return std::make_unique<NearestKernel>(std::move(positions), axes.back().identity,
                                         size_of(x.dtype));
}

}  // namespace engine::cpu
