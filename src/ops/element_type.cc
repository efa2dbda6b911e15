#include "ops/element_type.h"

#include "base/check.h"

namespace engine::ops {

DType element_type(Index number) {
  switch (number) {
    case 1: return DType::kFloat32;
    case 2: return DType::kUInt8;
    case 3: return DType::kInt8;
    case 4: return DType::kUInt16;
    case 5: return DType::kInt16;
    case 6: return DType::kInt32;
    case 7: return DType::kInt64;
    case 8: return DType::kString;
    case 9: return DType::kBool;
    case 10: return DType::kFloat16;
    case 11: return DType::kFloat64;
    case 12: return DType::kUInt32;
    case 13: return DType::kUInt64;
    case 16: return DType::kBFloat16;
    case 21: return DType::kUInt4;
    case 22: return DType::kInt4;
    default: break;
  }
  constexpr Index kLastOfOnnx = 28;
  ENGINE_VALIDATE(number > 0 && number <= kLastOfOnnx, "element type ", number,
                  " does not exist in ONNX");
  fail(ErrorCode::kUnsupported, "element type ", number,
       " is not supported (float8 and smaller floats, 2-bit integers and complex numbers are not)");
}

}  // namespace engine::ops
