#include "tools/io/random.h"

#include "base/check.h"
#include "base/dispatch.h"

namespace engine::tools {
namespace {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  /// Exact in float32: a multiple of 2^-23.
  float symmetric() noexcept { return static_cast<float>(next() >> 40) * 0x1p-23f - 1.0f; }

 private:
  std::uint64_t state_;
};

template <class T>
T draw(Random& random) {
  if constexpr (dtype_of<T> <= DType::kBFloat16) return static_cast<T>(random.symmetric());
  else if constexpr (std::is_same_v<T, bool>) return random.next() >> 63 != 0;
  else if constexpr (sizeof(T) == 1) return T(static_cast<std::uint8_t>(random.next() >> 56));
  else return static_cast<T>(random.next() >> 63);
}

}  // namespace

Tensor random_tensor(DType dtype, const Shape& shape, std::uint64_t seed) {
  ENGINE_REQUIRE(dtype != DType::kString, ErrorCode::kInvalidArgument,
                 "there are no random strings; give that input with --input");
  Tensor tensor(dtype, shape);
  Random random(seed);
  dispatch_all(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T& value : tensor.mutable_values<T>()) value = draw<T>(random);
  });
  return tensor;
}

}  // namespace engine::tools
