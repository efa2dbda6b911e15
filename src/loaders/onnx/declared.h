// What a model declares about its values: types, extents and names of extents.
#pragma once

#include "base/dim.h"
#include "loaders/onnx/onnx.pb.h"

#include <engine/model.h>

#include <optional>
#include <string>

namespace engine::onnx {

/// The type of a graph input. Throws Error: kInvalidModel if there is none, kUnsupported if it is a
/// sequence, a map, an optional or a sparse tensor; the message names the value as `what`.
TensorType input_type(const pb::ValueInfoProto& info, const char* what);

/// The type of another value, or nothing if it is not declared, or not one the engine has.
std::optional<TensorType> declared_type(const pb::ValueInfoProto& info);

/// Throws Error (kUnsupported) if the value is declared as something other than a tensor.
void require_tensor(const pb::ValueInfoProto& info, const char* what);

/// The public form. Extents without a declaration come from `computed`.
TensorInfo tensor_info(const pb::ValueInfoProto& info, const TensorType& computed);

/// Why the two cannot both be true, or "" if they can. Free extents contradict nothing.
std::string contradiction(const TensorType& declared, const TensorType& computed);

}  // namespace engine::onnx
