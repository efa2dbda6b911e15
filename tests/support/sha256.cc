#include "support/sha256.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace engine::test {
namespace {

constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

template <class T>
void update_floats(Sha256& hash, std::span<const T> values, T nan) {
  for (const T& value : values)
    hash.update_value(std::isnan(static_cast<double>(value)) ? nan : value);
}

}  // namespace

void Sha256::block(const std::uint8_t* bytes) {
  std::uint32_t w[64];
  for (int i = 0; i < 16; ++i)
    w[i] = std::uint32_t{bytes[4 * i]} << 24 | std::uint32_t{bytes[4 * i + 1]} << 16 |
           std::uint32_t{bytes[4 * i + 2]} << 8 | bytes[4 * i + 3];
  for (int i = 16; i < 64; ++i) {
    const std::uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[i - 7] +
           (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    const std::uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                             ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const std::uint32_t t2 =
        (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const std::uint32_t next[] = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state_[i] += next[i];
}

void Sha256::update(std::span<const std::byte> bytes) {
  length_ += bytes.size();
  for (const std::byte byte : bytes) {
    buffer_[filled_++] = static_cast<std::uint8_t>(byte);
    if (filled_ < buffer_.size()) continue;
    block(buffer_.data());
    filled_ = 0;
  }
}

std::string Sha256::digest() {
  const std::uint64_t bits = length_ * 8;
  update_value(std::uint8_t{0x80});
  while (filled_ != 56) update_value(std::uint8_t{0});
  for (int shift = 56; shift >= 0; shift -= 8)
    update_value(static_cast<std::uint8_t>(bits >> shift));
  std::string text;
  for (const std::uint32_t word : state_)
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  return text;
}

void update(Sha256& hash, const Tensor& tensor) {
  if (!tensor.defined()) return;
  hash.update_value(static_cast<std::uint8_t>(tensor.dtype()));
  hash.update_value(static_cast<std::uint64_t>(tensor.rank()));
  for (const Index extent : tensor.shape()) hash.update_value(extent);
  switch (tensor.dtype()) {
    case DType::kFloat32:
      update_floats(hash, tensor.values<float>(), std::bit_cast<float>(0x7fc00000u));
      break;
    case DType::kFloat64:
      update_floats(hash, tensor.values<double>(), std::bit_cast<double>(0x7ff8000000000000u));
      break;
    case DType::kFloat16:
      update_floats(hash, tensor.values<Float16>(), std::bit_cast<Float16>(std::uint16_t{0x7e00}));
      break;
    case DType::kBFloat16:
      update_floats(hash, tensor.values<BFloat16>(),
                    std::bit_cast<BFloat16>(std::uint16_t{0x7fc0}));
      break;
    case DType::kString:
      for (const std::string& text : tensor.strings()) {
        hash.update_value(static_cast<std::uint64_t>(text.size()));
        hash.update(std::as_bytes(std::span(text)));
      }
      break;
    default: hash.update({static_cast<const std::byte*>(tensor.data()), tensor.bytes()});
  }
}

std::string canonical_hash(const Tensor& tensor) {
  Sha256 hash;
  update(hash, tensor);
  return hash.digest();
}

std::string canonical_hash(const Tensors& tensors) {
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    hash.update(std::as_bytes(std::span(name)));
    update(hash, tensor);
  }
  return hash.digest();
}

}  // namespace engine::test
