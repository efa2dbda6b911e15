#include "support/sha256.h"

#include <gtest/gtest.h>

#include <bit>

namespace engine::test {
namespace {

std::string sha256(const std::string& text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.digest();
}

// Vectors of FIPS 180-4.
TEST(Sha256, KnownDigests) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(CanonicalHash, AnyNanIsTheSame) {
  const auto of = [](std::uint32_t bits) {
    return canonical_hash(Tensor::of<float>({1}, {std::bit_cast<float>(bits)}));
  };
  EXPECT_EQ(of(0x7fc00000), of(0xffc00000));
  EXPECT_EQ(of(0x7fc00000), of(0x7f800001));
  EXPECT_NE(of(0x00000000), of(0x80000000));
}

TEST(CanonicalHash, ShapeAndTypeCount) {
  EXPECT_NE(canonical_hash(Tensor(DType::kFloat32, {2, 3})),
            canonical_hash(Tensor(DType::kFloat32, {3, 2})));
  EXPECT_NE(canonical_hash(Tensor(DType::kFloat32, {2})),
            canonical_hash(Tensor(DType::kInt32, {2})));
}

}  // namespace
}  // namespace engine::test
