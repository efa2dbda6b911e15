#include "loaders/onnx/tensor.h"

#include "base/check.h"
#include "base/shape.h"
#include "base/text.h"
#include "loaders/onnx/packing.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

namespace engine::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

constexpr int kHighestRank = 64;

Shape checked_shape(const pb::TensorProto& proto) {
  ENGINE_VALIDATE(proto.dims_size() <= kHighestRank, "rank ", proto.dims_size(),
                  " is more than a tensor can have (", kHighestRank, ")");
  for (int i = 0; i < proto.dims_size(); ++i)
    ENGINE_VALIDATE(proto.dims(i) >= 0, "dimension ", i, " is ", proto.dims(i),
                    " (it cannot be negative)");
  return Shape(proto.dims().begin(), proto.dims().end());
}

Index checked_elements(const Shape& shape) {
  const std::optional<Index> count = checked_count(shape);
  ENGINE_VALIDATE(count, "shape ", to_string(shape),
                  " is impossible (its element count overflows 64 bits)");
  return *count;
}

Index needed_bytes(DType dtype, const Shape& shape, Index count) {
  const std::optional<Index> bytes = file_bytes(dtype, count);
  ENGINE_VALIDATE(bytes, "shape ", to_string(shape), " of ", to_string(dtype),
                  " is impossible (its byte count overflows 64 bits)");
  return *bytes;
}

// The names of all fields that hold data; a tensor may use one.
std::string filled_fields(const pb::TensorProto& proto) {
  const std::array<std::pair<const char*, bool>, 8> fields{{
      {"raw_data", !proto.raw_data().empty()},
      {"float_data", proto.float_data_size() > 0},
      {"int32_data", proto.int32_data_size() > 0},
      {"int64_data", proto.int64_data_size() > 0},
      {"double_data", proto.double_data_size() > 0},
      {"uint64_data", proto.uint64_data_size() > 0},
      {"string_data", proto.string_data_size() > 0},
      {"external data", proto.data_location() == pb::TensorProto::EXTERNAL},
  }};
  std::vector<std::string> names;
  for (const auto& [name, filled] : fields)
    if (filled) names.push_back(name);
  ENGINE_VALIDATE(names.size() <= 1, "its data are in ", join(names, " and in "),
                  " (one of them is needed)");
  return names.empty() ? "" : names[0];
}

}  // namespace

DType element_type(int number) {
  using P = pb::TensorProto;
  switch (number) {
    case P::FLOAT: return DType::kFloat32;
    case P::DOUBLE: return DType::kFloat64;
    case P::FLOAT16: return DType::kFloat16;
    case P::BFLOAT16: return DType::kBFloat16;
    case P::INT4: return DType::kInt4;
    case P::UINT4: return DType::kUInt4;
    case P::INT8: return DType::kInt8;
    case P::UINT8: return DType::kUInt8;
    case P::INT16: return DType::kInt16;
    case P::UINT16: return DType::kUInt16;
    case P::INT32: return DType::kInt32;
    case P::UINT32: return DType::kUInt32;
    case P::INT64: return DType::kInt64;
    case P::UINT64: return DType::kUInt64;
    case P::BOOL: return DType::kBool;
    case P::STRING: return DType::kString;
    case P::UNDEFINED: fail(ErrorCode::kInvalidModel, "element type is undefined");
    default: break;
  }
  ENGINE_VALIDATE(P::DataType_IsValid(number), "unknown element type ", number);
  std::string name = P::DataType_Name(static_cast<P::DataType>(number));
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  fail(ErrorCode::kUnsupported, "element type ", name, " is not supported");
}

void TensorReader::charge(DType dtype, Index count) {
  const std::size_t left = max_bytes_ - used_;
  const std::size_t limit = left / size_of(dtype);
  ENGINE_REQUIRE(static_cast<std::size_t>(count) <= limit, ErrorCode::kResourceExhausted, count,
                 " elements of ", to_string(dtype), " exceed the ", left,
                 " bytes that are left of ", max_bytes_,
                 " for the model's tensors (raise LoadOptions::max_bytes)");
  used_ += static_cast<std::size_t>(count) * size_of(dtype);
}

Tensor TensorReader::read(pb::TensorProto& proto) {
  if (const auto it = done_.find(&proto); it != done_.end()) return it->second;
  Tensor tensor = make(proto);
  done_.emplace(&proto, tensor);
  return tensor;
}

Tensor TensorReader::make(pb::TensorProto& proto) {
  const Shape shape = checked_shape(proto);
  const Index count = checked_elements(shape);
  const DType dtype = element_type(proto.data_type());
  ENGINE_REQUIRE(!proto.has_segment(), ErrorCode::kUnsupported,
                 "tensors in segments are not supported");
  const std::string filled = filled_fields(proto);
  if (proto.data_location() == pb::TensorProto::EXTERNAL)
    return make_external(proto, dtype, shape, count);
  if (!proto.raw_data().empty()) return make_raw(proto, dtype, shape, count);
  const TypedField field = typed_field(proto, dtype);
  ENGINE_VALIDATE(filled.empty() || filled == field.name, "its data are in ", filled, " (",
                  to_string(dtype), " belongs in ", field.name, " or raw_data)");
  return make_typed(proto, dtype, shape, count);
}

// Typed fields are as long as the tensor has elements, but for two nibbles in one value.
Tensor TensorReader::make_typed(pb::TensorProto& proto, DType dtype, const Shape& shape,
                                Index count) {
  const Index bytes = needed_bytes(dtype, shape, count);
  const Index needed = is_packed(dtype) ? bytes : count;
  const Index given = typed_field(proto, dtype).values;
  ENGINE_VALIDATE(given == needed, given, " values, ", needed, " needed (shape ", to_string(shape),
                  " ", to_string(dtype), ")");
  charge(dtype, count);
  return read_typed(proto, dtype, shape);
}

Tensor TensorReader::make_external(const pb::TensorProto& proto, DType dtype, const Shape& shape,
                                   Index count) {
  ENGINE_REQUIRE(
      folder_, ErrorCode::kUnsupported,
      "its data are in another file (a model from memory has none) load it from its file");
  ENGINE_REQUIRE(dtype != DType::kString, ErrorCode::kInvalidModel, "strings cannot be external");
  const Index needed = needed_bytes(dtype, shape, count);
  const ExternalFile file = folder_->open(proto.external_data());
  ENGINE_VALIDATE(file.length == needed, "length ", file.length,
                  " of its external data, but shape ", to_string(shape), " ", to_string(dtype),
                  " needs ", needed);
  charge(dtype, count);
  Tensor tensor(dtype, shape);
  auto* memory = static_cast<std::uint8_t*>(tensor.mutable_data());
  if (is_packed(dtype)) {
    std::vector<std::uint8_t> packed(static_cast<std::size_t>(needed));
    file.read(packed.data());
    unpack_nibbles(dtype, packed, {reinterpret_cast<std::int8_t*>(memory), tensor.bytes()});
  } else {
    file.read(memory);
    if (dtype == DType::kBool) normalise_bools({memory, tensor.bytes()});
  }
  return tensor;
}

Tensor TensorReader::make_raw(pb::TensorProto& proto, DType dtype, const Shape& shape,
                              Index count) {
  ENGINE_VALIDATE(dtype != DType::kString, "strings cannot be in raw_data");
  const Index needed = needed_bytes(dtype, shape, count);
  ENGINE_VALIDATE(static_cast<Index>(proto.raw_data().size()) == needed, proto.raw_data().size(),
                  " bytes of data, shape ", to_string(shape), " ", to_string(dtype), " needs ",
                  needed);
  charge(dtype, count);
  const std::shared_ptr<std::string> raw(proto.release_raw_data());
  auto* bytes = reinterpret_cast<std::uint8_t*>(raw->data());
  if (is_packed(dtype)) {
    Tensor tensor(dtype, shape);
    unpack_nibbles(dtype, {bytes, raw->size()},
                   {static_cast<std::int8_t*>(tensor.mutable_data()), tensor.bytes()});
    return tensor;
  }
  if (dtype == DType::kBool) normalise_bools({bytes, raw->size()});
  if (reinterpret_cast<std::uintptr_t>(bytes) % size_of(dtype) == 0)
    return Tensor::wrap(dtype, shape, bytes, raw);
  Tensor tensor(dtype, shape);
  std::memcpy(tensor.mutable_data(), bytes, tensor.bytes());
  return tensor;
}

}  // namespace engine::onnx
