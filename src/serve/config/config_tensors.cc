#include "serve/config/config_tensors.h"

#include "serve/core/datatype.h"
#include "serve/core/text.h"

#include <algorithm>
#include <utility>

namespace engine::serve {
namespace {

using inference::ModelConfig;

constexpr std::pair<DType, inference::DataType> kTypes[] = {
    {DType::kFloat32, inference::TYPE_FP32}, {DType::kFloat64, inference::TYPE_FP64},
    {DType::kFloat16, inference::TYPE_FP16}, {DType::kBFloat16, inference::TYPE_BF16},
    {DType::kInt8, inference::TYPE_INT8},    {DType::kUInt8, inference::TYPE_UINT8},
    {DType::kInt16, inference::TYPE_INT16},  {DType::kUInt16, inference::TYPE_UINT16},
    {DType::kInt32, inference::TYPE_INT32},  {DType::kUInt32, inference::TYPE_UINT32},
    {DType::kInt64, inference::TYPE_INT64},  {DType::kUInt64, inference::TYPE_UINT64},
    {DType::kBool, inference::TYPE_BOOL},    {DType::kString, inference::TYPE_STRING},
};

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "config.pbtxt: " + what);
}

[[noreturn]] void not_in_model(const std::string& whose, const std::vector<TensorInfo>& own) {
  std::vector<std::string> names;
  for (const TensorInfo& info : own) names.push_back(info.name);
  invalid("the model has no " + whose + " (it has " + names_text(names) + ")");
}

using Extents = google::protobuf::RepeatedField<std::int64_t>;

Shape full_dims(const ModelConfig& config, const Extents& extents) {
  Shape dims(extents.begin(), extents.end());
  if (config.max_batch_size() > 0) dims.insert(dims.begin(), -1);
  return dims;
}

template <class Tensor>
void check_type(const Tensor& tensor, const std::string& whose, const TensorInfo& info) {
  const inference::DataType expected = config_type(info.dtype);
  if (tensor.data_type() != expected)
    invalid(whose + " is " + inference::DataType_Name(expected) +
            " in the model, but has data_type " + inference::DataType_Name(tensor.data_type()));
}

// The declared extents take the place of those that the model leaves free.
template <class Tensor>
TensorInfo narrowed(const ModelConfig& config, const Tensor& tensor, const std::string& what,
                    const TensorInfo& info) {
  const std::string whose = what + " " + quote(tensor.name());
  check_type(tensor, whose, info);
  TensorInfo served = info;
  const Shape dims =
      full_dims(config, tensor.has_reshape() ? tensor.reshape().shape() : tensor.dims());
  if (!info.ranked) {
    served.ranked = true;
    for (const Index extent : dims) served.shape.push_back({.size = extent, .name = {}});
    return served;
  }
  bool fits = dims.size() == info.shape.size();
  for (std::size_t i = 0; fits && i < dims.size(); ++i) {
    const Dimension& own = info.shape[i];
    fits = own.free() || own.size == dims[i];
    if (own.free() && dims[i] >= 0) served.shape[i] = {.size = dims[i], .name = {}};
  }
  if (!fits)
    invalid(whose + " is " + dims_text(declared_dims(info)) + " in the model, but " +
            dims_text(dims) + " by its " + (tensor.has_reshape() ? "reshape" : "dims") +
            (config.max_batch_size() > 0 ? " behind the axis of max_batch_size" : ""));
  return served;
}

// Clients see its dims, without names of free extents, which would be of the model's.
template <class Tensor>
void reshape(const ModelConfig& config, const Tensor& tensor, TensorInfo& info,
             Reshapes& reshapes) {
  const Shape dims = full_dims(config, tensor.dims());
  reshapes[info.name] = {dims, declared_dims(info)};
  info.shape.clear();
  for (const Index extent : dims) info.shape.push_back({.size = extent, .name = {}});
}

// The declared tensors in their order; all of the model's if none are.
template <class List>
std::vector<TensorInfo> served(const ModelConfig& config, const List& declared,
                               const std::string& what, const std::vector<TensorInfo>& own,
                               Reshapes& reshapes) {
  if (declared.empty()) return own;
  std::vector<TensorInfo> list;
  for (const auto& tensor : declared) {
    const auto found = std::ranges::find(own, tensor.name(), &TensorInfo::name);
    if (found == own.end()) not_in_model(what + " " + quote(tensor.name()), own);
    list.push_back(narrowed(config, tensor, what, *found));
    if (tensor.has_reshape()) reshape(config, tensor, list.back(), reshapes);
  }
  return list;
}

void check_inputs(const ModelConfig& config, const std::vector<TensorInfo>& inputs) {
  const auto declared = [&](const std::string& name) {
    return std::ranges::find(config.input(), name, &inference::ModelInput::name);
  };
  for (const TensorInfo& info : inputs) {
    const auto found = declared(info.name);
    if (found == config.input().end() && !info.optional)
      invalid("input " + quote(info.name) + " of the model is not declared");
    if (found != config.input().end() && found->optional() && !info.optional)
      invalid("input " + quote(info.name) + " is optional, but the model has no default for it");
  }
}

template <class Tensor>
void declare(Tensor& tensor, const TensorInfo& info, bool batched) {
  tensor.set_name(info.name);
  tensor.set_data_type(config_type(info.dtype));
  const Shape dims = declared_dims(info);
  for (std::size_t i = batched ? 1 : 0; i < dims.size(); ++i) tensor.add_dims(dims[i]);
}

}  // namespace

inference::DataType config_type(DType dtype) noexcept {
  for (const auto& [own, type] : kTypes)
    if (own == dtype) return type;
  return inference::TYPE_INVALID;
}

ServedTensors served_tensors(const ModelConfig& config, const Model& model) {
  ServedTensors tensors;
  tensors.inputs = served(config, config.input(), "input", model.inputs(), tensors.input_reshapes);
  tensors.outputs =
      served(config, config.output(), "output", model.outputs(), tensors.output_reshapes);
  tensors.all_outputs = tensors.outputs.size() == model.outputs().size();
  if (config.input_size() > 0) check_inputs(config, model.inputs());
  return tensors;
}

void add_tensors(ModelConfig& config, const ServedTensors& tensors) {
  const bool batched = config.max_batch_size() > 0;
  if (config.input_size() == 0)
    for (const TensorInfo& info : tensors.inputs) {
      declare(*config.add_input(), info, batched);
      if (info.optional) config.mutable_input()->rbegin()->set_optional(true);
    }
  if (config.output_size() == 0)
    for (const TensorInfo& info : tensors.outputs) declare(*config.add_output(), info, batched);
}

}  // namespace engine::serve
