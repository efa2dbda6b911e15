#include "graph/planner/shapes.h"

#include "base/check.h"
#include "base/shape.h"

namespace engine::graph {
namespace {

// Values computed from shapes alone are lists of extents and what is made of them.
constexpr Index kLargestKnown = 1024;

class Walk {
 public:
  Walk(const Program& program, std::span<const Shape> input_shapes) : graph_(program.graph()) {
    result_.shape.resize(graph_.values.size());
    result_.known.resize(graph_.values.size());
    result_.folded.resize(graph_.nodes.size(), false);
    for (std::size_t i = 0; i < graph_.values.size(); ++i) {
      const Value& value = graph_.values[i];
      if (value.is_constant()) result_.known[i] = value.constant;
    }
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i)
      result_.shape[at(graph_.inputs[i])] = input_shapes[i];
  }

  std::optional<Shapes> run() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (node.op->data_dependent()) return std::nullopt;
      if (!with_label(graph_, node, [&] { return visit(i); })) return std::nullopt;
    }
    return std::move(result_);
  }

 private:
  static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

  TensorType type_of(ValueId id) const {
    const Value& value = graph_.value(id);
    if (const Tensor& known = result_.known[at(id)]; known.defined())
      return {known.dtype(), known.shape()};
    if (const auto& shape = result_.shape[at(id)]) return {value.type.dtype, *shape};
    return value.type;  // a constant that was let go after packing
  }

  // What a view looks at must be as much as it shows, whatever the operator's inference has missed.
  static void check_view(const TensorType& from, const TensorType& to) {
    const auto a = from.shape(), b = to.shape();
    ENGINE_REQUIRE(!a || !b || element_count(*a) == element_count(*b), ErrorCode::kInternal,
                   "a view of ", to_string(from), " is ", to_string(to), " (please report it)");
  }

  // False if an output shape is not known.
  bool visit(std::size_t index) {
    const Node& node = graph_.nodes[index];
    std::vector<ops::Operand> operands;
    bool all_known = true;
    for (const ValueId id : node.inputs) {
      ops::Operand operand;
      operand.present = id != kNoValue;
      if (operand.present) {
        operand.type = type_of(id);
        const Tensor& known = result_.known[at(id)];
        operand.value = known.defined() ? &known : nullptr;
        all_known &= known.defined();
      }
      operands.push_back(std::move(operand));
    }
    const ops::Operands view(operands);
    const auto types = infer_outputs(*node.op, view, std::ssize(node.outputs));
    if (node.op->is_view()) check_view(operands[0].type, types.at(0));
    bool small = true;
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      const ValueId id = node.outputs[k];
      if (id == kNoValue) continue;
      const auto shape = types.at(k).shape();
      if (!shape) return false;
      ENGINE_REQUIRE(types[k].dtype == graph_.value(id).type.dtype, ErrorCode::kInternal, "output ",
                     k, " changed its type");
      small &= element_count(*shape) <= kLargestKnown && types[k].dtype != DType::kString;
      result_.shape[at(id)] = *shape;
    }
    if (small) result_.folded[index] = know(node, view, all_known);
    return true;
  }

  // Computes the node's outputs now if they follow from what is known.
  bool know(const Node& node, const ops::Operands& view, bool all_known) {
    if (const auto extents = node.op->infer_extents(view); extents && node.outputs.size() == 1) {
      const ValueId id = node.outputs[0];
      const auto list = known_shape(*extents);
      if (list && id != kNoValue && graph_.value(id).type.dtype == DType::kInt64 &&
          element_count(*result_.shape[at(id)]) == std::ssize(*list)) {
        result_.known[at(id)] = Tensor::of<std::int64_t>(*result_.shape[at(id)], *list);
        return true;
      }
    }
    return all_known && evaluate(node);
  }

  bool evaluate(const Node& node) {
    std::vector<Tensor> in, results;
    for (const ValueId id : node.inputs)
      in.push_back(id == kNoValue ? Tensor() : result_.known[at(id)]);
    for (const ValueId id : node.outputs)
      results.push_back(
          id == kNoValue ? Tensor() : Tensor(graph_.value(id).type.dtype, *result_.shape[at(id)]));
    if (!ops::evaluate(*node.op, in, results).ok()) return false;
    for (std::size_t k = 0; k < results.size(); ++k)
      if (node.outputs[k] != kNoValue) result_.known[at(node.outputs[k])] = std::move(results[k]);
    return true;
  }

  const Graph& graph_;
  Shapes result_;
};

}  // namespace

std::optional<Shapes> infer_shapes(const Program& program, std::span<const Shape> input_shapes) {
  return Walk(program, input_shapes).run();
}

}  // namespace engine::graph
