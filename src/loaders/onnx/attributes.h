// From AttributeProto to the attributes that operators read.
#pragma once

#include "loaders/onnx/tensor.h"
#include "ops/attributes.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace engine::onnx {

/// Values that a call of a model-local function gives to the attributes its nodes refer to.
using AttributeEnvironment = std::map<std::string, pb::AttributeProto*, std::less<>>;

/// A node's attributes after references are resolved. Those that refer to an attribute that the
/// caller did not give are left out. Names are unique.
struct NamedAttribute {
  std::string name;
  pb::AttributeProto* value;
};
std::vector<NamedAttribute> resolve_attributes(pb::NodeProto& node,
                                               const AttributeEnvironment* environment);

/// The kind of value that an attribute holds; deduced if an old writer left it out. Throws Error
/// (kInvalidModel) if it is unknown.
pb::AttributeProto::AttributeType kind_of(const pb::AttributeProto& attribute);

/// Throws Error (kUnsupported) for kinds that no operator here has: sparse tensors, types, ...
ops::Attribute read_attribute(pb::AttributeProto& attribute, TensorReader& tensors);

/// The tensor of a Constant node.
Tensor read_constant(const std::vector<NamedAttribute>& attributes, TensorReader& tensors);

}  // namespace engine::onnx
