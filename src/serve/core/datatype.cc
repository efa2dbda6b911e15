#include "serve/core/datatype.h"

#include <utility>

namespace engine::serve {
namespace {

constexpr std::pair<DType, const char*> kNames[] = {
    {DType::kFloat32, "FP32"},  {DType::kFloat64, "FP64"},  {DType::kFloat16, "FP16"},
    {DType::kBFloat16, "BF16"}, {DType::kInt8, "INT8"},     {DType::kUInt8, "UINT8"},
    {DType::kInt16, "INT16"},   {DType::kUInt16, "UINT16"}, {DType::kInt32, "INT32"},
    {DType::kUInt32, "UINT32"}, {DType::kInt64, "INT64"},   {DType::kUInt64, "UINT64"},
    {DType::kBool, "BOOL"},     {DType::kString, "BYTES"},
};

}  // namespace

const char* datatype(DType dtype) noexcept {
  for (const auto& [type, name] : kNames)
    if (type == dtype) return name;
  return "<invalid>";
}

std::optional<DType> parse_datatype(std::string_view wanted) noexcept {
  for (const auto& [type, name] : kNames)
    if (wanted == name) return type;
  return {};
}

Shape declared_dims(const TensorInfo& info) {
  Shape dims;
  for (const Dimension& d : info.shape) dims.push_back(d.free() ? -1 : d.size);
  return dims;
}

}  // namespace engine::serve
