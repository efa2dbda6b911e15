#include <engine/tensor.h>
#include <engine/types.h>

#include "base/aligned.h"
#include "base/check.h"
#include "base/shape.h"

#include <bit>
#include <cstring>

namespace engine {

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kInvalidModel: return "invalid_model";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kResourceExhausted: return "resource_exhausted";
    case ErrorCode::kRunFailed: return "run_failed";
    case ErrorCode::kDeviceFailed: return "device_failed";
    case ErrorCode::kInternal: return "internal";
  }
  return "unknown";
}

const char* to_string(DType dtype) noexcept {
  switch (dtype) {
    case DType::kFloat32: return "float32";
    case DType::kFloat64: return "float64";
    case DType::kFloat16: return "float16";
    case DType::kBFloat16: return "bfloat16";
    case DType::kInt4: return "int4";
    case DType::kUInt4: return "uint4";
    case DType::kInt8: return "int8";
    case DType::kUInt8: return "uint8";
    case DType::kInt16: return "int16";
    case DType::kUInt16: return "uint16";
    case DType::kInt32: return "int32";
    case DType::kUInt32: return "uint32";
    case DType::kInt64: return "int64";
    case DType::kUInt64: return "uint64";
    case DType::kBool: return "bool";
    case DType::kString: return "string";
  }
  return "unknown";
}

std::size_t size_of(DType dtype) noexcept {
  switch (dtype) {
    case DType::kFloat64:
    case DType::kInt64:
    case DType::kUInt64: return 8;
    case DType::kFloat32:
    case DType::kInt32:
    case DType::kUInt32: return 4;
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kInt16:
    case DType::kUInt16: return 2;
    case DType::kString: return sizeof(std::string);
    default: return 1;
  }
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i) text += ", ";
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

Float16::Float16(float value) noexcept {
  const std::uint32_t x = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (x >> 16) & 0x8000u;
  const std::uint32_t magnitude = x & 0x7fffffffu;
  if (magnitude >= 0x7f800000u) {  // infinity, or a NaN that must stay one
    bits = static_cast<std::uint16_t>(sign | 0x7c00u | (magnitude > 0x7f800000u ? 0x200u : 0u));
  } else if (magnitude <
             0x38800000u) {  // below 2^-14: let the float adder round to multiples of 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    bits = static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
  } else {
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    const std::uint32_t rounded = (magnitude - 0x38000000u + 0xfffu + odd) >> 13;
    bits = static_cast<std::uint16_t>(sign | (rounded > 0x7c00u ? 0x7c00u : rounded));
  }
}

Float16::operator float() const noexcept {
  const std::uint32_t sign = std::uint32_t{bits} << 16 & 0x80000000u;
  const std::uint32_t exponent = bits >> 10 & 31u;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero and denormals: mantissa * 2^-24, exact in float
    const float value = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

BFloat16::BFloat16(float value) noexcept {
  const std::uint32_t x = std::bit_cast<std::uint32_t>(value);
  if ((x & 0x7fffffffu) > 0x7f800000u) bits = static_cast<std::uint16_t>(x >> 16 | 0x40u);
  else bits = static_cast<std::uint16_t>((x + 0x7fffu + (x >> 16 & 1u)) >> 16);
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), defined_(true), shape_(std::move(shape)) {
  const Index bytes = byte_count(dtype, shape_);
  size_ = element_count(shape_);
  if (dtype == DType::kString) {
    auto texts = std::make_shared<std::vector<std::string>>(static_cast<std::size_t>(size_));
    data_ = texts->data();
    owner_ = std::move(texts);
    return;
  }
  AlignedBytes memory = aligned_bytes(static_cast<std::size_t>(bytes));
  ENGINE_REQUIRE(memory, ErrorCode::kResourceExhausted, "no memory for ", to_string(dtype), " ",
                 to_string(shape_), " (", bytes, " bytes)");
  std::memset(memory.get(), 0, static_cast<std::size_t>(bytes));
  data_ = memory.get();
  owner_ = std::shared_ptr<std::byte>(std::move(memory));
}

Tensor Tensor::wrap(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner) {
  Tensor tensor;
  byte_count(dtype, shape);  // throws if it overflows
  tensor.dtype_ = dtype;
  tensor.defined_ = true;
  tensor.size_ = element_count(shape);
  tensor.shape_ = std::move(shape);
  tensor.data_ = data;
  tensor.owner_ = std::move(owner);
  return tensor;
}

Tensor Tensor::strings(Shape shape, std::vector<std::string> values) {
  auto texts = std::make_shared<std::vector<std::string>>(std::move(values));
  const void* data = texts->data();
  const Index count = static_cast<Index>(texts->size());
  Tensor tensor = wrap(DType::kString, std::move(shape), data, std::move(texts));
  tensor.check_count(count);
  return tensor;
}

std::span<const std::string> Tensor::strings() const {
  ENGINE_REQUIRE(dtype_ == DType::kString, ErrorCode::kInvalidArgument, "tensor is ",
                 to_string(dtype_), ", string was asked for");
  return {static_cast<const std::string*>(data_), static_cast<std::size_t>(size_)};
}

Tensor Tensor::reshaped(Shape shape) const {
  const Index count = element_count(shape);
  ENGINE_REQUIRE(count == size_, ErrorCode::kInvalidArgument, "cannot reshape ", to_string(shape_),
                 " to ", to_string(shape), " (", size_, " elements, ", count, " wanted)");
  Tensor tensor = *this;
  tensor.shape_ = std::move(shape);
  return tensor;
}

Tensor Tensor::clone() const {
  if (!defined_) return {};
  Tensor copy(dtype_, shape_);
  if (dtype_ == DType::kString)
    std::copy(strings().begin(), strings().end(), static_cast<std::string*>(copy.mutable_data()));
  else if (bytes()) std::memcpy(copy.mutable_data(), data_, bytes());
  return copy;
}

void Tensor::check_type(DType wanted) const {
  ENGINE_REQUIRE(dtype_ == wanted, ErrorCode::kInvalidArgument, "tensor is ", to_string(dtype_),
                 ", ", to_string(wanted), " was asked for");
}

void Tensor::check_count(Index count) const {
  ENGINE_REQUIRE(count == size_, ErrorCode::kInvalidArgument, "shape ", to_string(shape_), " has ",
                 size_, " elements, ", count, " values were given");
}

}  // namespace engine
