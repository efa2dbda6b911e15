// Computes nodes whose inputs are all constant, and those that only ask for extents that are known.
#include "base/check.h"
#include "base/shape.h"
#include "graph/control_flow.h"
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"

namespace engine::graph {
namespace {

// A folded value may be as large as this, or as its inputs together: weights that are transposed or
// cast are folded, a small constant expanded to gigabytes is not.
constexpr std::size_t kSmallBytes = std::size_t{1} << 20;
constexpr std::size_t kTotalBytes = std::size_t{1} << 30;

bool all_constant(const Rewriter& rewriter, const Node& node) {
  for (const ValueId id : node.inputs)
    if (id != kNoValue && !rewriter.constant(id)) return false;
  return true;
}

// Types of the outputs if they are known and within the budget, else nothing.
std::optional<std::vector<Shape>> affordable_outputs(const Graph& graph, const Node& node,
                                                     std::size_t& spent) {
  std::size_t in_bytes = 0, out_bytes = 0;
  for (const ValueId id : node.inputs)
    if (id != kNoValue) in_bytes += graph.value(id).constant.bytes();
  std::vector<Shape> shapes;
  for (const ValueId id : node.outputs) {
    if (id == kNoValue) {
      shapes.emplace_back();
      continue;
    }
    const TensorType& type = graph.value(id).type;
    const auto shape = type.shape();
    if (!shape) return std::nullopt;
    const auto count = checked_count(*shape);
    if (!count || *count > (Index{1} << 40)) return std::nullopt;
    out_bytes += static_cast<std::size_t>(*count) * size_of(type.dtype);
    shapes.push_back(*shape);
  }
  if (out_bytes > std::max(kSmallBytes, in_bytes) || spent + out_bytes > kTotalBytes)
    return std::nullopt;
  spent += out_bytes;
  return shapes;
}

// A second of work or so, however small the operands are.
constexpr Index kMostFlops = 1'000'000'000;

Index work_of(const Graph& graph, const Node& node) {
  std::vector<TensorType> in, out;
  for (const ValueId id : node.inputs)
    in.push_back(id == kNoValue ? TensorType() : graph.value(id).type);
  for (const ValueId id : node.outputs)
    out.push_back(id == kNoValue ? TensorType() : graph.value(id).type);
  return node.op->flops(in, out);
}

bool fold(Rewriter& rewriter, int i, const std::vector<Shape>& shapes) {
  Graph& graph = rewriter.graph();
  const Node node = rewriter.node(i);
  if (work_of(graph, node) > kMostFlops) return false;
  std::vector<Tensor> in, results;
  for (const ValueId id : node.inputs)
    in.push_back(id == kNoValue ? Tensor() : graph.value(id).constant);
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    const ValueId id = node.outputs[k];
    results.push_back(id == kNoValue ? Tensor() : Tensor(graph.value(id).type.dtype, shapes[k]));
  }
  if (!ops::evaluate(*node.op, in, results).ok()) return false;  // the run will report it
  rewriter.remove(i);
  for (std::size_t k = 0; k < node.outputs.size(); ++k)
    if (node.outputs[k] != kNoValue) graph.value(node.outputs[k]).constant = std::move(results[k]);
  return true;
}

// A list of extents, all of which are known whatever the inputs are.
bool fold_extents(Rewriter& rewriter, int i, const KnownExtents& extents) {
  const Node& node = rewriter.node(i);
  if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) return false;
  const auto& known = extents[static_cast<std::size_t>(node.outputs[0])];
  const auto list = known ? known_shape(*known) : std::nullopt;
  if (!list) return false;
  Value& value = rewriter.graph().value(node.outputs[0]);
  const auto shape = value.type.shape();
  if (value.type.dtype != DType::kInt64 || !shape || checked_count(*shape) != std::ssize(*list))
    return false;
  rewriter.remove(i);
  value.constant = Tensor::of<std::int64_t>(*shape, *list);
  return true;
}

}  // namespace

int fold_constants(Graph& graph) {
  infer_types(graph);
  Rewriter rewriter(graph);
  std::size_t spent = 0;
  int changes = 0;
  KnownExtents extents(graph.values.size());
  for (int i = 0; i < rewriter.size(); ++i) {
    const Node& node = rewriter.node(i);
    if (node.op->data_dependent()) continue;
    // The types of what was folded before are known better now.
    with_label(graph, node, [&] { infer_node(graph, node, extents); });
    if (fold_extents(rewriter, i, extents)) {
      ++changes;
    } else if (all_constant(rewriter, node)) {
      if (const auto shapes = affordable_outputs(graph, node, spent))
        changes += fold(rewriter, i, *shapes);
    }
  }
  return changes;
}

}  // namespace engine::graph
