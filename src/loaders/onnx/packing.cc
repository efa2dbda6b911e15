#include "loaders/onnx/packing.h"

#include "base/check.h"
#include "base/dispatch.h"

#include <algorithm>

namespace engine::onnx {
namespace {

// Takes the elements out of the message, so that their memory ends with the conversion.
template <class Field>
Field take(Field& field) {
  Field taken;
  taken.Swap(&field);
  return taken;
}

template <class T, class Field>
Tensor convert(Field& field, DType dtype, const Shape& shape) {
  const Field taken = take(field);
  Tensor tensor(dtype, shape);
  T* out = static_cast<T*>(tensor.mutable_data());
  std::ranges::transform(taken, out, [](auto value) { return static_cast<T>(value); });
  return tensor;
}

// Either sign convention fits an element of `bits`.
void check_width(const google::protobuf::RepeatedField<std::int32_t>& field, DType dtype,
                 int bits) {
  const std::int32_t low = -(1 << (bits - 1)), high = (1 << bits) - 1;
  for (const std::int32_t value : field)
    ENGINE_VALIDATE(value >= low && value <= high, "int32_data holds ", value, ", which is no ",
                    to_string(dtype));
}

// Values narrower than 32 bits are stored one per int32; 4-bit ones two per int32.
Tensor read_int32_field(pb::TensorProto& proto, DType dtype, const Shape& shape) {
  auto& field = *proto.mutable_int32_data();
  if (dtype == DType::kBool) return convert<bool>(field, dtype, shape);
  if (is_packed(dtype)) {
    const auto taken = take(field);
    std::vector<std::uint8_t> packed(taken.begin(), taken.end());
    Tensor tensor(dtype, shape);
    unpack_nibbles(dtype, packed,
                   {static_cast<std::int8_t*>(tensor.mutable_data()), tensor.bytes()});
    return tensor;
  }
  if (size_of(dtype) < 4) check_width(field, dtype, static_cast<int>(size_of(dtype)) * 8);
  switch (size_of(dtype)) {
    case 1: return convert<std::uint8_t>(field, dtype, shape);
    case 2: return convert<std::uint16_t>(field, dtype, shape);
    default: return convert<std::int32_t>(field, dtype, shape);
  }
}

}  // namespace

int file_bits(DType dtype) noexcept {
  if (dtype == DType::kInt4 || dtype == DType::kUInt4) return 4;
  return static_cast<int>(size_of(dtype)) * 8;
}

std::optional<Index> file_bytes(DType dtype, Index count) noexcept {
  if (is_packed(dtype)) return count / 2 + count % 2;
  Index bytes;
  if (__builtin_mul_overflow(count, static_cast<Index>(size_of(dtype)), &bytes))
    return std::nullopt;
  return bytes;
}

void unpack_nibbles(DType dtype, std::span<const std::uint8_t> packed, std::span<std::int8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int nibble = packed[i / 2] >> (i % 2 * 4) & 15;
    out[i] = static_cast<std::int8_t>(dtype == DType::kInt4 ? (nibble ^ 8) - 8 : nibble);
  }
}

void normalise_bools(std::span<std::uint8_t> bytes) noexcept {
  for (std::uint8_t& byte : bytes) byte = byte != 0;
}

TypedField typed_field(const pb::TensorProto& proto, DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return {"float_data", proto.float_data_size()};
    case DType::kFloat64: return {"double_data", proto.double_data_size()};
    case DType::kInt64: return {"int64_data", proto.int64_data_size()};
    case DType::kUInt32:
    case DType::kUInt64: return {"uint64_data", proto.uint64_data_size()};
    case DType::kString: return {"string_data", proto.string_data_size()};
    default: return {"int32_data", proto.int32_data_size()};
  }
}

Tensor read_typed(pb::TensorProto& proto, DType dtype, const Shape& shape) {
  switch (dtype) {
    case DType::kFloat32: return convert<float>(*proto.mutable_float_data(), dtype, shape);
    case DType::kFloat64: return convert<double>(*proto.mutable_double_data(), dtype, shape);
    case DType::kInt64: return convert<std::int64_t>(*proto.mutable_int64_data(), dtype, shape);
    case DType::kUInt32: return convert<std::uint32_t>(*proto.mutable_uint64_data(), dtype, shape);
    case DType::kUInt64: return convert<std::uint64_t>(*proto.mutable_uint64_data(), dtype, shape);
    case DType::kString: {
      auto& texts = *proto.mutable_string_data();
      return Tensor::strings(
          shape, {std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end())});
    }
    default: return read_int32_field(proto, dtype, shape);
  }
}

}  // namespace engine::onnx
