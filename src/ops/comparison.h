// y = a == b, a > b and so on of two tensors of one type with broadcasting.
#pragma once

#include "ops/binary.h"

namespace engine::ops {

/// One loop for each `kind` (kEqual and those after it) and type, so that none decides per element.
Fault compare(BinaryKind kind, const Input& a, const Input& b, const Output& y);

}  // namespace engine::ops
