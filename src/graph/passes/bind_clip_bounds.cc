// Clip with constant bounds becomes a Unary, which kernels and epilogues know.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "ops/unary.h"

#include <limits>
#include <optional>

namespace engine::graph {
namespace {

// The bound, `otherwise` if it is absent, or nothing if it is no constant.
std::optional<float> bound(const Rewriter& rewriter, const Node& node, std::size_t i,
                           float otherwise) {
  if (node.inputs.size() <= i || node.inputs[i] == kNoValue) return otherwise;
  const Tensor* value = rewriter.constant(node.inputs[i]);
  if (!value || value->size() != 1) return std::nullopt;
  return value->values<float>()[0];
}

}  // namespace

int bind_clip_bounds(Graph& graph) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    const Node& node = rewriter.node(i);
    if (!dynamic_cast<const ops::Clip*>(node.op.get())) continue;
    if (graph.value(node.inputs[0]).type.dtype != DType::kFloat32) continue;
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const auto low = bound(rewriter, node, 1, -kInfinity);
    const auto high = bound(rewriter, node, 2, kInfinity);
    if (!low || !high || *low != *low || *high != *high) continue;
    const ValueId x = node.inputs[0];
    rewriter.set(i, std::make_shared<ops::Unary>("Clip", numerics::Activation::kClip, *low, *high),
                 {x});
    ++changes;
  }
  return changes;
}

}  // namespace engine::graph
