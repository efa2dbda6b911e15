#include "serve/core/request_check.h"

#include "serve/core/datatype.h"
#include "serve/core/text.h"

#include <algorithm>
#include <map>

namespace engine::serve {
namespace {

// Sizes that named free dimensions have in this request.
using Sizes = std::map<std::string, Index, std::less<>>;

Failure invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

std::optional<Failure> check_names(std::string_view name, const std::vector<TensorInfo>& list,
                                   const Tensors& inputs) {
  std::vector<std::string> missing, got;
  std::size_t required = 0;
  for (const TensorInfo& info : list) {
    if (info.optional) continue;
    ++required;
    if (!inputs.contains(info.name)) missing.push_back(info.name);
  }
  for (const auto& [input, tensor] : inputs) {
    got.push_back(input);
    if (std::ranges::find(list, input, &TensorInfo::name) == list.end() &&
        inputs.size() <= required)
      return invalid("unexpected inference input " + quote(input) + " for model " + quote(name));
  }
  if (missing.empty() && inputs.size() <= list.size()) return {};
  return invalid("expected " + std::to_string(required) + " inputs but got " +
                 std::to_string(inputs.size()) + " inputs for model " + quote(name) +
                 ". Got input(s) " + names_text(got) + ", but missing required input(s) " +
                 names_text(missing));
}

bool fits(const TensorInfo& info, const Shape& shape, bool batched, Sizes& sizes) {
  if (!info.ranked) return true;
  if (shape.size() != info.shape.size()) return false;
  for (std::size_t i = batched ? 1 : 0; i < shape.size(); ++i) {
    const Dimension& d = info.shape[i];
    if (!d.free() && shape[i] != d.size) return false;
    if (d.free() && !d.name.empty() &&
        sizes.try_emplace(d.name, shape[i]).first->second != shape[i])
      return false;
  }
  return true;
}

std::optional<Failure> check_tensor(std::string_view name, const TensorInfo& info,
                                    const Tensor& tensor, bool batched, Sizes& sizes) {
  if (tensor.dtype() != info.dtype)
    return invalid("inference input " + quote(info.name) + " data-type is '" +
                   datatype(tensor.dtype()) + "', but model " + quote(name) + " expects '" +
                   datatype(info.dtype) + "'");
  if (batched && tensor.shape().empty())
    return invalid("input " + quote(info.name) +
                   " has no shape but model requires batch dimension for " + quote(name));
  if (fits(info, tensor.shape(), batched, sizes)) return {};
  std::string message = "unexpected shape for input " + quote(info.name) + " for model " +
                        quote(name) + ". Expected " + dims_text(declared_dims(info)) + ", got " +
                        dims_text(tensor.shape());
  if (batched) message += ". NOTE: the first value of the shape is the batch dimension";
  return invalid(std::move(message));
}

std::optional<Failure> check_rows(std::string_view name, const BatchLimits& limits,
                                  Pending& pending) {
  const Tensors& inputs = pending.request.inputs;
  pending.rows = inputs.begin()->second.shape()[0];
  for (const auto& [input, tensor] : inputs)
    if (tensor.shape()[0] != pending.rows)
      return invalid("input " + quote(input) + " batch size does not match other inputs for " +
                     quote(name) + " (" + std::to_string(tensor.shape()[0]) + " and " +
                     std::to_string(pending.rows) + ")");
  if (pending.rows < 1)
    return invalid("inference request batch-size must be at least 1 for " + quote(name));
  if (pending.rows > limits.max_batch_size)
    return invalid("inference request batch-size must be <= " +
                   std::to_string(limits.max_batch_size) + " for " + quote(name));
  return {};
}

std::optional<Failure> check_outputs(const ServedTensors& tensors, std::string_view name,
                                     std::vector<std::string>& outputs) {
  for (const std::string& output : outputs)
    if (std::ranges::find(tensors.outputs, output, &TensorInfo::name) == tensors.outputs.end())
      return invalid("unexpected inference output " + quote(output) + " for model " + quote(name));
  if (outputs.empty() && !tensors.all_outputs)
    for (const TensorInfo& info : tensors.outputs) outputs.push_back(info.name);
  return {};
}

}  // namespace

std::optional<Failure> check_request(std::string_view name, const ServedTensors& tensors,
                                     const BatchLimits& limits, Pending& pending) {
  const Tensors& inputs = pending.request.inputs;
  const bool batched = limits.max_batch_size > 0;
  if (auto failure = check_names(name, tensors.inputs, inputs)) return failure;
  Sizes sizes;
  for (const TensorInfo& info : tensors.inputs) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end()) continue;
    const Tensor& tensor = found->second;
    if (auto failure = check_tensor(name, info, tensor, batched, sizes)) return failure;
    if (!batched) continue;
    pending.shapes.push_back(tensor.rank());
    pending.shapes.insert(pending.shapes.end(), tensor.shape().begin() + 1, tensor.shape().end());
  }
  if (auto failure = check_outputs(tensors, name, pending.request.outputs)) return failure;
  return batched ? check_rows(name, limits, pending) : std::nullopt;
}

}  // namespace engine::serve
