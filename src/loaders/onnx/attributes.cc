#include "loaders/onnx/attributes.h"

#include "base/text.h"

#include <set>

namespace engine::onnx {
namespace {

using P = pb::AttributeProto;

template <class T, class Field>
std::vector<T> to_vector(const Field& field) {
  return std::vector<T>(field.begin(), field.end());
}

const char* kind_name(P::AttributeType kind) {
  switch (kind) {
    case P::GRAPH: return "a graph";
    case P::GRAPHS: return "a list of graphs";
    case P::TENSORS: return "a list of tensors";
    case P::SPARSE_TENSOR:
    case P::SPARSE_TENSORS: return "a sparse tensor";
    case P::TYPE_PROTO:
    case P::TYPE_PROTOS: return "a type";
    default: return "of an unknown kind";
  }
}

template <class T>
Tensor list_tensor(const std::vector<T>& values, TensorReader& tensors) {
  const Index count = static_cast<Index>(values.size());
  tensors.charge(dtype_of<T>, count);
  return Tensor::of<T>({count}, std::span<const T>(values));
}

}  // namespace

std::vector<NamedAttribute> resolve_attributes(pb::NodeProto& node,
                                               const AttributeEnvironment* environment) {
  std::vector<NamedAttribute> resolved;
  std::set<std::string_view> names;
  for (P& attribute : *node.mutable_attribute()) {
    const std::string& name = attribute.name();
    ENGINE_VALIDATE(names.insert(name).second, "attribute ", quote(name), " appears twice");
    if (!attribute.has_ref_attr_name()) {
      resolved.push_back({name, &attribute});
      continue;
    }
    ENGINE_VALIDATE(environment, "attribute ", quote(name),
                    " refers to an attribute of a function, but the node is in none");
    const auto given = environment->find(attribute.ref_attr_name());
    if (given == environment->end()) continue;
    const P::AttributeType kind = kind_of(*given->second);
    ENGINE_VALIDATE(!attribute.has_type() || attribute.type() == kind, "attribute ", quote(name),
                    " refers to ", quote(attribute.ref_attr_name()), ", which is of another kind");
    ENGINE_REQUIRE(kind != P::GRAPH, ErrorCode::kUnsupported, "attribute ", quote(name),
                   " is a graph that was given to a function, which is not supported");
    resolved.push_back({name, given->second});
  }
  return resolved;
}

P::AttributeType kind_of(const P& attribute) {
  if (attribute.has_type() && attribute.type() != P::UNDEFINED) return attribute.type();
  if (attribute.has_f()) return P::FLOAT;
  if (attribute.has_i()) return P::INT;
  if (attribute.has_s()) return P::STRING;
  if (attribute.has_t()) return P::TENSOR;
  if (attribute.has_g()) return P::GRAPH;
  if (attribute.floats_size()) return P::FLOATS;
  if (attribute.ints_size()) return P::INTS;
  if (attribute.strings_size()) return P::STRINGS;
  fail(ErrorCode::kInvalidModel, "attribute ", quote(attribute.name()), " is of an unknown kind");
}

ops::Attribute read_attribute(P& attribute, TensorReader& tensors) {
  switch (const P::AttributeType kind = kind_of(attribute)) {
    case P::FLOAT: return attribute.f();
    case P::INT: return Index{attribute.i()};
    case P::STRING: return attribute.s();
    case P::TENSOR: try { return tensors.read(*attribute.mutable_t());
      } catch (const Error& error) {
        fail(error.code(), "attribute ", quote(attribute.name()), ": ", error.what());
      }
    case P::FLOATS: return to_vector<float>(attribute.floats());
    case P::INTS: return to_vector<Index>(attribute.ints());
    case P::STRINGS: return to_vector<std::string>(attribute.strings());
    default:
      fail(ErrorCode::kUnsupported, "attribute ", quote(attribute.name()), " is ", kind_name(kind),
           ", which is not supported here");
  }
}

Tensor read_constant(const std::vector<NamedAttribute>& attributes, TensorReader& tensors) {
  ENGINE_VALIDATE(attributes.size() == 1, attributes.size(), " attributes (Constant has one)");
  const std::string& name = attributes[0].name;
  ENGINE_REQUIRE(name != "sparse_value", ErrorCode::kUnsupported,
                 "attribute sparse_value is a sparse tensor, which is not supported");
  ops::Attributes read;
  read.set(name, read_attribute(*attributes[0].value, tensors));
  if (name == "value") return read.tensor(name);
  if (name == "value_float") return Tensor::scalar(read.number(name));
  if (name == "value_int") return Tensor::scalar<std::int64_t>(read.integer(name));
  if (name == "value_string") return Tensor::strings({}, {read.text(name)});
  if (name == "value_floats") return list_tensor(read.numbers(name), tensors);
  if (name == "value_ints") return list_tensor(read.integers(name), tensors);
  if (name == "value_strings") {
    std::vector<std::string> texts = read.texts(name);
    const Index count = static_cast<Index>(texts.size());
    return Tensor::strings({count}, std::move(texts));
  }
  fail(ErrorCode::kInvalidModel, "Constant has no attribute ", quote(name));
}

}  // namespace engine::onnx
