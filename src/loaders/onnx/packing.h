// The file's form of elements: bits per element, packed nibbles, and typed fields.
#pragma once

#include "loaders/onnx/onnx.pb.h"

#include <engine/tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace engine::onnx {

/// Bits that one element takes in raw or external data; strings have no such form.
int file_bits(DType dtype) noexcept;

/// Bytes of `count` elements in raw or external data, or nothing if that leaves 63 bits.
std::optional<Index> file_bytes(DType dtype, Index count) noexcept;

inline bool is_packed(DType dtype) noexcept { return file_bits(dtype) < 8; }

/// Spreads nibbles, the low one of each byte first, to one per byte with the sign extended.
void unpack_nibbles(DType dtype, std::span<const std::uint8_t> packed, std::span<std::int8_t> out);

/// Any byte but 0 becomes 1: other values in a bool are undefined behaviour.
void normalise_bools(std::span<std::uint8_t> bytes) noexcept;

/// Name of the field that holds elements of this type if raw_data does not, and its length here.
struct TypedField {
  const char* name;
  Index values;
};
TypedField typed_field(const pb::TensorProto& proto, DType dtype);

/// Converts the elements of the typed field, whose length has been checked, and frees it.
Tensor read_typed(pb::TensorProto& proto, DType dtype, const Shape& shape);

}  // namespace engine::onnx
