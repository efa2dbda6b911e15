// Element types as attributes of ONNX operators name them (TensorProto.DataType).
#pragma once

#include <engine/types.h>

namespace engine::ops {

/// The type for an ONNX number; throws Error (kUnsupported) for legal types that we do not have
/// (float8, complex, ...) and (kInvalidModel) for numbers without meaning.
DType element_type(Index number);

}  // namespace engine::ops
