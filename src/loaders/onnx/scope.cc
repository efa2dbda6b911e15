#include "base/text.h"
#include "loaders/onnx/graph_builder.h"

namespace engine::onnx {

using graph::kNoValue;
using graph::ValueId;

std::optional<ValueId> Scope::find(std::string_view name) {
  if (name.empty()) return kNoValue;
  if (const auto it = values.find(name); it != values.end()) return it->second;
  std::optional<ValueId> id;
  if (const auto it = initializers.find(name); it != initializers.end()) {
    check_name(name);
    try {
      id = builder.graph().add_constant(prefix + std::string(name),
                                        builder.state().tensors.read(*it->second));
    } catch (const Error& error) {
      fail(error.code(), "initializer ", quote(name), ": ", error.what());
    }
  } else if (outer) {
    id = outer->find(name);
    if (id && *id != kNoValue) id = builder.capture(outer->builder.graph().value(*id), *id);
  }
  if (id) values.emplace(name, *id);
  return id;
}

void Scope::define(std::string_view name, ValueId id) {
  check_name(name);
  ENGINE_VALIDATE(!initializers.contains(name) && values.emplace(name, id).second, "tensor ",
                  quote(name), " is made twice (it is an input or an initializer already)");
}

}  // namespace engine::onnx
