#include "serve/core/call_memory.h"

#include <engine/error.h>

#include <string>

namespace engine::serve {
namespace {

// Calls f with a value of the C++ type of `dtype`.
template <class F>
auto with_type(DType dtype, std::string_view name, F f) {
  switch (dtype) {
    case DType::kFloat32: return f(float{});
    case DType::kFloat64: return f(double{});
    case DType::kFloat16: return f(Float16{});
    case DType::kBFloat16: return f(BFloat16{});
    case DType::kInt4: return f(Int4{});
    case DType::kUInt4: return f(UInt4{});
    case DType::kInt8: return f(std::int8_t{});
    case DType::kUInt8: return f(std::uint8_t{});
    case DType::kInt16: return f(std::int16_t{});
    case DType::kUInt16: return f(std::uint16_t{});
    case DType::kInt32: return f(std::int32_t{});
    case DType::kUInt32: return f(std::uint32_t{});
    case DType::kInt64: return f(std::int64_t{});
    case DType::kUInt64: return f(std::uint64_t{});
    case DType::kBool: return f(bool{});
    case DType::kString: break;
  }
  throw Error(ErrorCode::kInvalidArgument, "'" + std::string(name) + "' holds strings");
}

}  // namespace

std::span<std::byte> input_bytes(BoundCall& call, std::string_view name, DType dtype) {
  return with_type(dtype, name,
                   [&]<class T>(T) { return std::as_writable_bytes(call.input<T>(name)); });
}

std::span<const std::byte> output_bytes(const BoundCall& call, std::string_view name, DType dtype) {
  return with_type(dtype, name, [&]<class T>(T) { return std::as_bytes(call.output<T>(name)); });
}

}  // namespace engine::serve
