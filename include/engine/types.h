// Element types and shapes.
#pragma once

#include <engine/export.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace engine {

/// A count, an extent or an offset, in elements unless a name says bytes.
using Index = std::int64_t;

/// Extents from the slowest to the fastest axis, row-major. An empty shape is a scalar.
using Shape = std::vector<Index>;

/// Element types. int4 and uint4 are held one value per byte once loaded.
enum class DType : std::uint8_t {
  kFloat32,
  kFloat64,
  kFloat16,
  kBFloat16,
  kInt4,
  kUInt4,
  kInt8,
  kUInt8,
  kInt16,
  kUInt16,
  kInt32,
  kUInt32,
  kInt64,
  kUInt64,
  kBool,
  kString
};

/// Name as messages and `--json` print it, such as "float32".
ENGINE_API const char* to_string(DType dtype) noexcept;

/// Bytes that one element takes in memory (int4 takes 1; a string 8, for its handle).
ENGINE_API std::size_t size_of(DType dtype) noexcept;

/// "[2, 3]"; a negative extent prints as "?".
ENGINE_API std::string to_string(const Shape& shape);

/// IEEE binary16 as stored; arithmetic happens in float.
struct ENGINE_API Float16 {
  std::uint16_t bits = 0;
  Float16() = default;
  explicit Float16(float value) noexcept;  ///< round to nearest even; overflow gives infinity
  operator float() const noexcept;         ///< exact
};

/// The upper half of a float32 as stored; arithmetic happens in float.
struct ENGINE_API BFloat16 {
  std::uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float value) noexcept;  ///< round to nearest even
  operator float() const noexcept { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

/// 4-bit integers in their unpacked form; values wrap to 4 bits.
struct Int4 {
  std::int8_t value = 0;
  Int4() = default;
  explicit Int4(int v) noexcept : value(static_cast<std::int8_t>(((v & 15) ^ 8) - 8)) {}
  operator int() const noexcept { return value; }
};
struct UInt4 {
  std::uint8_t value = 0;
  UInt4() = default;
  explicit UInt4(int v) noexcept : value(static_cast<std::uint8_t>(v & 15)) {}
  operator int() const noexcept { return value; }
};

/// The DType of a C++ type: dtype_of<float> == DType::kFloat32.
template <class T>
inline constexpr DType dtype_of = DType::kString;
template <>
inline constexpr DType dtype_of<float> = DType::kFloat32;
template <>
inline constexpr DType dtype_of<double> = DType::kFloat64;
template <>
inline constexpr DType dtype_of<Float16> = DType::kFloat16;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::kBFloat16;
template <>
inline constexpr DType dtype_of<Int4> = DType::kInt4;
template <>
inline constexpr DType dtype_of<UInt4> = DType::kUInt4;
template <>
inline constexpr DType dtype_of<std::int8_t> = DType::kInt8;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::kUInt8;
template <>
inline constexpr DType dtype_of<std::int16_t> = DType::kInt16;
template <>
inline constexpr DType dtype_of<std::uint16_t> = DType::kUInt16;
template <>
inline constexpr DType dtype_of<std::int32_t> = DType::kInt32;
template <>
inline constexpr DType dtype_of<std::uint32_t> = DType::kUInt32;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::kInt64;
template <>
inline constexpr DType dtype_of<std::uint64_t> = DType::kUInt64;
template <>
inline constexpr DType dtype_of<bool> = DType::kBool;

}  // namespace engine
