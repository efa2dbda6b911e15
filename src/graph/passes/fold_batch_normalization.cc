// BatchNormalization behind a Conv or a Gemm scales and shifts its output channels, so it can be
// folded into the weights. The new weights are computed in double and rounded once.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "ops/batch_normalization.h"
#include "ops/conv.h"
#include "ops/matmul.h"

#include <optional>

namespace engine::graph {
namespace {

using ops::BatchNormalization;

// y = a x + b per channel, in double.
struct Affine {
  std::vector<double> a, b;
};

std::optional<Affine> affine_of(const Rewriter& rewriter, const Node& node,
                                const BatchNormalization& op) {
  std::span<const float> parameters[4];  // scale, bias, mean, variance
  for (std::size_t i = 0; i < 4; ++i) {
    const Tensor* tensor = rewriter.constant(node.inputs[i + 1]);
    if (!tensor || tensor->dtype() != DType::kFloat32) return std::nullopt;
    parameters[i] = tensor->values<float>();
    if (parameters[i].size() != parameters[0].size()) return std::nullopt;
  }
  Affine result;
  for (std::size_t c = 0; c < parameters[0].size(); ++c) {
    const auto [a, b] = BatchNormalization::affine<double>(
        parameters[0][c], parameters[1][c], parameters[2][c], parameters[3][c], op.epsilon);
    result.a.push_back(a);
    result.b.push_back(b);
  }
  return result;
}

// Weights with channel c at [outer][c][inner], each multiplied by a[c].
Tensor scaled(const Tensor& w, Index outer, Index inner, const std::vector<double>& a) {
  Tensor result(w.dtype(), w.shape());
  const auto from = w.values<float>();
  const auto to = result.mutable_values<float>();
  std::size_t i = 0;
  for (Index o = 0; o < outer; ++o)
    for (const double factor : a)
      for (Index k = 0; k < inner; ++k, ++i) to[i] = static_cast<float>(from[i] * factor);
  return result;
}

Tensor shifted(const Tensor* bias, const Affine& affine) {
  Tensor result(DType::kFloat32, {std::ssize(affine.a)});
  const auto to = result.mutable_values<float>();
  for (std::size_t c = 0; c < to.size(); ++c) {
    const double old = bias ? bias->values<float>()[c] : 0.0;
    to[c] = static_cast<float>(old * affine.a[c] + affine.b[c]);
  }
  return result;
}

// Axis of the weights' output channels, or nothing if this producer cannot take the fold.
std::optional<Index> channel_axis(const ops::Operator* op) {
  if (const auto* conv = dynamic_cast<const ops::Conv*>(op)) {
    const auto& e = conv->epilogue;
    if (!e.residual && e.activation == numerics::Activation::kIdentity) return 0;
  } else if (const auto* gemm = dynamic_cast<const ops::Gemm*>(op)) {
    if (gemm->alpha == 1 && gemm->beta == 1) return gemm->trans_b ? 0 : 1;
  }
  return std::nullopt;
}

bool fold(Rewriter& rewriter, int i, const BatchNormalization& op) {
  Graph& graph = rewriter.graph();
  const Node node = rewriter.node(i);
  for (std::size_t k = 1; k < node.outputs.size(); ++k)
    if (node.outputs[k] != kNoValue) return false;
  const int host = rewriter.producer(node.inputs[0]);
  if (host < 0 || rewriter.only_user(node.inputs[0]) != i) return false;
  const Node before = rewriter.node(host);
  const auto axis = channel_axis(before.op.get());
  if (!axis) return false;  // and the host may have one input only
  const auto affine = affine_of(rewriter, node, op);
  const Tensor* w = rewriter.constant(before.inputs[1]);
  if (!affine || !w || w->dtype() != DType::kFloat32) return false;
  if (w->shape()[static_cast<std::size_t>(*axis)] != std::ssize(affine->a)) return false;
  const ValueId bias_id = before.inputs.size() > 2 ? before.inputs[2] : kNoValue;
  const Tensor* bias = rewriter.constant(bias_id);
  if (bias_id != kNoValue && (!bias || bias->shape() != Shape{std::ssize(affine->a)})) return false;

  const Index outer = product(w->shape(), 0, *axis);
  const Index inner = product(w->shape(), *axis + 1, w->rank());
  const std::string name = graph.value(before.inputs[1]).name;
  Tensor new_bias = shifted(bias, *affine);
  Tensor new_weights = scaled(*w, outer, inner, affine->a);
  if (rewriter.only_user(before.inputs[1]) == host) graph.value(before.inputs[1]).constant = {};
  const ValueId weights_id = rewriter.add_constant(name + ".folded", std::move(new_weights));
  const ValueId new_bias_id = rewriter.add_constant(name + ".bias", std::move(new_bias));
  rewriter.remove(host);
  rewriter.set(i, before.op, {before.inputs[0], weights_id, new_bias_id});
  rewriter.node(i).name = before.name;
  rewriter.set_output(i, node.outputs[0]);
  return true;
}

}  // namespace

int fold_batch_normalization(Graph& graph) {
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    if (rewriter.removed(i)) continue;
    const ops::OperatorPtr op = rewriter.node(i).op;
    if (const auto* bn = dynamic_cast<const BatchNormalization*>(op.get()))
      changes += fold(rewriter, i, *bn);
  }
  return changes;
}

}  // namespace engine::graph
