// Checking what a caller passes against what the model declares.
#include "base/check.h"
#include "base/text.h"
#include "session/session_impl.h"

namespace engine {
namespace {

std::string input_names(const Model& model) {
  std::vector<std::string> names;
  for (const TensorInfo& info : model.inputs()) names.push_back(quote(info.name));
  return join(names);
}

}  // namespace

void check_input(const TensorInfo& info, DType dtype, const Shape& shape,
                 std::map<std::string, std::pair<Index, std::string>>& bound) {
  constexpr ErrorCode kCode = ErrorCode::kInvalidArgument;
  ENGINE_REQUIRE(dtype == info.dtype, kCode, "input ", quote(info.name), " is ", to_string(dtype),
                 ", the model needs ", to_string(info));
  if (!info.ranked) return;
  ENGINE_REQUIRE(shape.size() == info.shape.size(), kCode, "input ", quote(info.name),
                 " has shape ", to_string(shape), ", the model needs ", to_string(info), " (rank ",
                 info.shape.size(), ")");
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Dimension& dim = info.shape[i];
    ENGINE_REQUIRE(dim.free() || dim.size == shape[i], kCode, "input ", quote(info.name),
                   " has shape ", to_string(shape), ", the model needs ", to_string(info),
                   " (axis ", i, ": ", shape[i], " != ", dim.size, ")");
    if (!dim.free() || dim.name.empty()) continue;
    const auto [it, fresh] = bound.try_emplace(dim.name, shape[i], info.name);
    ENGINE_REQUIRE(it->second.first == shape[i], kCode, "dimension ", quote(dim.name), " is ",
                   it->second.first, " in input ", quote(it->second.second), " and ", shape[i],
                   " in input ", quote(info.name), " (it must be the same everywhere)");
  }
}

std::vector<Tensor> Session::Impl::ordered(const Tensors& inputs) const {
  constexpr ErrorCode kCode = ErrorCode::kInvalidArgument;
  std::vector<Tensor> list;
  std::map<std::string, std::pair<Index, std::string>> bound;
  std::size_t used = 0;
  for (const TensorInfo& info : model.inputs()) {
    const auto it = inputs.find(info.name);
    if (it == inputs.end()) {
      const auto standard = model.impl().info.defaults.find(info.name);
      ENGINE_REQUIRE(standard != model.impl().info.defaults.end(), kCode, "input ",
                     quote(info.name), " is missing (the model needs ", input_names(model), ")");
      list.push_back(standard->second);
      continue;
    }
    ++used;
    ENGINE_REQUIRE(it->second.defined(), kCode, "input ", quote(info.name), " is undefined");
    check_input(info, it->second.dtype(), it->second.shape(), bound);
    list.push_back(it->second);
  }
  if (used != inputs.size())
    for (const auto& [name, tensor] : inputs) {
      bool known = false;
      for (const TensorInfo& info : model.inputs()) known |= info.name == name;
      ENGINE_REQUIRE(known, kCode, "the model has no input ", quote(name), " (it has ",
                     input_names(model), ")");
    }
  return list;
}

}  // namespace engine
