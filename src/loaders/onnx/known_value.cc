#include "loaders/onnx/known_value.h"

#include "base/shape.h"

namespace engine::onnx {
namespace {

using graph::kNoValue;
using graph::ValueId;

constexpr Index kMostElements = 4096;
constexpr Index kMostFlops = 100'000'000;
constexpr int kMostNodes = 64;  // that are evaluated for one value, each as often as it is read

class Evaluation {
 public:
  explicit Evaluation(const GraphBuilder& builder) : builder_(builder) {}

  std::optional<Tensor> value(ValueId id) {
    if (const Tensor* constant = builder_.constant(id)) return small(*constant);
    if (const auto& extents = builder_.extents(id)) {
      const auto list = known_shape(*extents);
      const auto shape = builder_.type(id).shape();
      if (list && shape && element_count(*shape) == std::ssize(*list) &&
          builder_.type(id).dtype == DType::kInt64)
        return Tensor::of<std::int64_t>(*shape, *list);
    }
    const graph::Node* node = builder_.producer(id);
    if (!node || node->op->data_dependent() || node->outputs.size() != 1 || budget_-- == 0)
      return std::nullopt;
    return evaluated(*node);
  }

 private:
  static std::optional<Tensor> small(const Tensor& tensor) {
    if (tensor.size() > kMostElements || tensor.dtype() == DType::kString) return std::nullopt;
    return tensor;
  }

  std::optional<Tensor> evaluated(const graph::Node& node) {
    std::vector<Tensor> inputs;
    for (const ValueId id : node.inputs) {
      auto input = id == kNoValue ? Tensor() : value(id);
      if (!input) return std::nullopt;
      inputs.push_back(std::move(*input));
    }
    std::vector<ops::Operand> operands;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      ops::Operand& operand = operands.emplace_back();
      operand.present = node.inputs[i] != kNoValue;
      if (!operand.present) continue;
      operand.type = TensorType(inputs[i].dtype(), inputs[i].shape());
      operand.value = &inputs[i];
    }
    const TensorType type = node.op->infer(ops::Operands(operands), 1).at(0);
    const auto shape = type.shape();
    const auto count = shape ? checked_count(*shape) : std::nullopt;
    if (!count || *count > kMostElements || type.dtype == DType::kString) return std::nullopt;
    std::vector<TensorType> types;
    for (const ops::Operand& operand : operands) types.push_back(operand.type);
    if (node.op->flops(types, {&type, 1}) > kMostFlops) return std::nullopt;
    std::vector<Tensor> outputs = {Tensor(type.dtype, *shape)};
    if (!ops::evaluate(*node.op, inputs, outputs).ok()) return std::nullopt;
    return outputs[0];
  }

  const GraphBuilder& builder_;
  int budget_ = kMostNodes;
};

}  // namespace

std::optional<Tensor> known_value(const GraphBuilder& builder, ValueId id) {
  return Evaluation(builder).value(id);
}

}  // namespace engine::onnx
