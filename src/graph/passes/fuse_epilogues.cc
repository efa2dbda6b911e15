// Fuses what follows a Conv or a Dense into its epilogue: bias, residual, activation.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/dense.h"
#include "ops/unary.h"

#include <optional>

namespace engine::graph {
namespace {

using numerics::Activation;
using ops::Epilogue;

// Conv or Dense: both have X, weights, bias and residual at the same positions.
constexpr std::size_t kBias = 2, kResidual = 3;
static_assert(ops::Conv::kBias == kBias && ops::Dense::kBias == kBias);
static_assert(ops::Conv::kResidual == kResidual && ops::Dense::kResidual == kResidual);

const Epilogue* epilogue_of(const ops::Operator* op) {
  if (const auto* conv = dynamic_cast<const ops::Conv*>(op)) return &conv->epilogue;
  if (const auto* dense = dynamic_cast<const ops::Dense*>(op)) return &dense->epilogue;
  return nullptr;
}

ops::OperatorPtr with_epilogue(const ops::Operator* op, Epilogue epilogue) {
  if (const auto* conv = dynamic_cast<const ops::Conv*>(op))
    return std::make_shared<ops::Conv>(conv->spatial, conv->group, std::move(epilogue),
                                       conv->winograd);
  const auto* dense = dynamic_cast<const ops::Dense*>(op);
  return std::make_shared<ops::Dense>(dense->transposed, std::move(epilogue));
}

// The node `i` takes over the work of `host`: what made the host's output vanishes, so that all
// inputs are there at the place of `i`.
void absorb(Rewriter& rewriter, int host, int i, Epilogue epilogue, std::vector<ValueId> inputs) {
  Node& absorbed = rewriter.node(i);
  absorbed.name = rewriter.node(host).name;
  const ops::OperatorPtr op = with_epilogue(rewriter.node(host).op.get(), std::move(epilogue));
  rewriter.remove(host);
  rewriter.set(i, op, std::move(inputs));
}

// A constant [M] for a constant that adds one value to each channel (axis 1 of Conv, last of
// Dense).
std::optional<Tensor> as_bias(const Tensor& constant, const Graph& graph, const Node& host) {
  const TensorType& y = graph.value(host.outputs[0]).type;
  if (!y.ranked || constant.dtype() != y.dtype) return std::nullopt;
  const Index rank = y.rank();
  const bool conv = dynamic_cast<const ops::Conv*>(host.op.get()) != nullptr;
  const Index axis = conv ? 1 : rank - 1;
  const Dim& channels = y.dims[static_cast<std::size_t>(axis)];
  const Index from_end = rank - 1 - axis;
  if (!channels.known() || constant.rank() > rank || constant.size() != channels.value())
    return std::nullopt;
  const Index at = constant.rank() - 1 - from_end;
  if (at < 0 || constant.shape()[static_cast<std::size_t>(at)] != channels.value())
    return std::nullopt;
  return constant.reshaped({channels.value()});
}

bool same_shape(const TensorType& a, const TensorType& b) {
  return a.ranked && b.ranked && a.dtype == b.dtype && a.dims == b.dims;
}

// Fuses the Add `i` if one of its operands is a Conv or Dense that nobody else reads.
bool fuse_add(Rewriter& rewriter, int i) {
  Graph& graph = rewriter.graph();
  const Node add = rewriter.node(i);
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const ValueId sum = add.inputs[side], other = add.inputs[1 - side];
    const int host = rewriter.producer(sum);
    if (host < 0 || sum == other || rewriter.only_user(sum) != i) continue;
    const Epilogue* epilogue = epilogue_of(rewriter.node(host).op.get());
    if (!epilogue || epilogue->activation != Activation::kIdentity || epilogue->residual) continue;
    std::vector<ValueId> inputs = rewriter.node(host).inputs;
    inputs.resize(kBias + 1, kNoValue);
    if (const Tensor* constant = rewriter.constant(other); constant && inputs[kBias] == kNoValue) {
      if (auto bias = as_bias(*constant, graph, rewriter.node(host))) {
        inputs[kBias] = rewriter.add_constant(graph.value(other).name + ".bias", std::move(*bias));
        absorb(rewriter, host, i, *epilogue, std::move(inputs));
        return true;
      }
    }
    if (!same_shape(graph.value(sum).type, graph.value(other).type)) continue;
    Epilogue fused = *epilogue;
    fused.residual = true;
    inputs.push_back(other);
    absorb(rewriter, host, i, std::move(fused), std::move(inputs));
    return true;
  }
  return false;
}

bool fuse_activation(Rewriter& rewriter, int i, const ops::Unary& unary) {
  const ValueId x = rewriter.node(i).inputs[0];
  const int host = rewriter.producer(x);
  if (host < 0 || rewriter.only_user(x) != i) return false;
  const Epilogue* epilogue = epilogue_of(rewriter.node(host).op.get());
  if (!epilogue || epilogue->activation != Activation::kIdentity) return false;
  Epilogue fused = *epilogue;
  fused.activation = unary.f;
  fused.a = unary.a;
  fused.b = unary.b;
  fused.activation_name = unary.name();
  absorb(rewriter, host, i, std::move(fused), rewriter.node(host).inputs);
  return true;
}

}  // namespace

int fuse_epilogues(Graph& graph) {
  infer_types(graph);
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    if (rewriter.removed(i)) continue;
    const ops::OperatorPtr op = rewriter.node(i).op;
    if (const auto* binary = dynamic_cast<const ops::Binary*>(op.get())) {
      if (binary->kind == ops::BinaryKind::kAdd) changes += fuse_add(rewriter, i);
    } else if (const auto* sum = dynamic_cast<const ops::Variadic*>(op.get())) {
      if (sum->kind == ops::BinaryKind::kAdd && !sum->mean && rewriter.node(i).inputs.size() == 2)
        changes += fuse_add(rewriter, i);
    } else if (const auto* unary = dynamic_cast<const ops::Unary*>(op.get())) {
      changes += fuse_activation(rewriter, i, *unary);
    }
  }
  return changes;
}

}  // namespace engine::graph
