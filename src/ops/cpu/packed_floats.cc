#include "ops/cpu/packed_floats.h"

#include "base/aligned.h"
#include "base/check.h"

#include <algorithm>
#include <mutex>

namespace engine::cpu {
namespace {

// Hands out parts of large pieces; a piece goes when the last of its parts has gone.
class Pieces {
 public:
  std::shared_ptr<std::byte> take(std::size_t bytes) {
    if (bytes < kSmall) return std::shared_ptr<std::byte>(aligned_bytes(bytes));
    const std::lock_guard lock(mutex_);
    std::shared_ptr<std::byte> piece = piece_.lock();
    if (!piece || size_ - used_ < whole_lines(bytes)) {
      size_ = std::max(whole_lines(bytes), kPiece);
      used_ = 0;
      piece = std::shared_ptr<std::byte>(aligned_bytes(size_));
      piece_ = piece;
      if (!piece) return nullptr;
    }
    std::byte* part = piece.get() + used_;
    used_ += whole_lines(bytes);
    return {std::move(piece), part};
  }

 private:
  // Below, a model would pay for a large page that it does not fill.
  static constexpr std::size_t kSmall = std::size_t{64} << 10;
  // Pages at the end of a piece that nobody has touched are no memory yet.
  static constexpr std::size_t kPiece = 16 * kLargePage;

  std::mutex mutex_;
  std::weak_ptr<std::byte> piece_;  // the one that still has room
  std::size_t size_ = 0, used_ = 0;
};

}  // namespace

PackedFloats::PackedFloats(std::size_t count) {
  static Pieces pieces;
  const std::shared_ptr<std::byte> part = pieces.take(count * sizeof(float));
  ENGINE_REQUIRE(part, ErrorCode::kResourceExhausted, "no memory for ", count, " packed weights");
  data_ = {part, reinterpret_cast<float*>(part.get())};
}

}  // namespace engine::cpu
