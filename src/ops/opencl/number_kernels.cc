#include "ops/opencl/number_kernels.h"

#include <algorithm>
#include <bit>

namespace engine::opencl {
namespace {

#define ENGINE_INTEGER(dtype, name) \
  { DType::dtype, "integers_" name, "comparisons_" name, "cast_" name, "arg_" name, "clip_" name }
// In the order of the numbers in kernels/cast.cl.
constexpr NumberKernels kNumbers[] = {
    ENGINE_INTEGER(kInt8, "int8"),
    ENGINE_INTEGER(kUInt8, "uint8"),
    ENGINE_INTEGER(kInt16, "int16"),
    ENGINE_INTEGER(kUInt16, "uint16"),
    ENGINE_INTEGER(kInt32, "int32"),
    ENGINE_INTEGER(kUInt32, "uint32"),
    ENGINE_INTEGER(kInt64, "int64"),
    ENGINE_INTEGER(kUInt64, "uint64"),
    {DType::kFloat32, nullptr, "comparisons_float32", "cast_float32", "arg_float32",
     "clip_float32"},
    {DType::kBool, "integers_uint8", "comparisons_uint8", "cast_uint8", nullptr,
     nullptr},  // bytes of 0 or 1
    {DType::kFloat16, nullptr, nullptr, "cast_float16", nullptr, nullptr},
    {DType::kBFloat16, nullptr, nullptr, "cast_bfloat16", nullptr, nullptr},
    {DType::kFloat64, nullptr, nullptr, "cast_float64", nullptr, nullptr}};
#undef ENGINE_INTEGER

}  // namespace

const NumberKernels* number_kernels(DType dtype) noexcept {
  const auto it = std::ranges::find(kNumbers, dtype, &NumberKernels::dtype);
  return it == std::end(kNumbers) ? nullptr : it;
}

int number_code(const NumberKernels& kernels) noexcept {
  return static_cast<int>(&kernels - kNumbers);
}

const char* kernel_of_size(DType dtype, const std::array<const char*, 4>& kernels) noexcept {
  if (dtype == DType::kString) return nullptr;
  return kernels[static_cast<std::size_t>(std::countr_zero(size_of(dtype)))];
}

}  // namespace engine::opencl
