// SHA-256 (FIPS 180-4), and hashes of tensors in which any NaN equals any other.
#pragma once

#include <engine/tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace engine::test {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  template <class T>
  void update_value(const T& value) {
    update(std::as_bytes(std::span(&value, 1)));
  }
  /// The digest in hexadecimal; the object is used up.
  std::string digest();

 private:
  void block(const std::uint8_t* bytes);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> buffer_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

/// Adds element type, shape and elements, every NaN as the quiet one without payload (0x7fc00000).
void update(Sha256& hash, const Tensor& tensor);

/// Of one tensor alone.
std::string canonical_hash(const Tensor& tensor);
/// Of several in the order of their names.
std::string canonical_hash(const Tensors& tensors);

}  // namespace engine::test
