// Memory of packed weights.
#pragma once

#include <cstddef>
#include <memory>

namespace engine::cpu {

/// Floats on a cache line's boundary, uninitialised. What is packed one after the other lies one
/// behind the other, so that a run, which reads weights in that order, streams through large pages.
class PackedFloats {
 public:
  PackedFloats() = default;
  /// Thread-safe. Throws Error (kResourceExhausted).
  explicit PackedFloats(std::size_t count);

  float* data() noexcept { return data_.get(); }
  const float* data() const noexcept { return data_.get(); }

 private:
  std::shared_ptr<float> data_;  // owns the piece that it lies in
};

}  // namespace engine::cpu
