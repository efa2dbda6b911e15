// MatMul and Gemm with constant weights become Dense.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "ops/dense.h"
#include "ops/matmul.h"

namespace engine::graph {
namespace {

bool is_weights(const Tensor* tensor) {
  return tensor && tensor->rank() == 2 && is_float(tensor->dtype());
}

// The constant C of a Gemm as a bias [N]: it must not vary along the rows.
ValueId bias_of(Rewriter& rewriter, ValueId id, Index n) {
  const Tensor* c = rewriter.constant(id);
  if (!c || c->size() != n || c->shape().empty() || c->shape().back() != n) return kNoValue;
  if (c->rank() == 1) return id;
  return rewriter.add_constant(rewriter.graph().value(id).name + ".bias", c->reshaped({n}));
}

bool from_gemm(Rewriter& rewriter, int i, const ops::Gemm& gemm) {
  const std::vector<ValueId> in = rewriter.node(i).inputs;
  const Tensor* w = rewriter.constant(in[1]);
  if (gemm.trans_a || gemm.alpha != 1 || !is_weights(w) || rewriter.constant(in[0])) return false;
  std::vector<ValueId> inputs = {in[0], in[1]};
  if (in.size() > 2 && in[2] != kNoValue) {
    const ValueId bias = bias_of(rewriter, in[2], w->shape()[gemm.trans_b ? 0 : 1]);
    if (bias == kNoValue || gemm.beta != 1) return false;
    inputs.push_back(bias);
  }
  rewriter.set(i, std::make_shared<ops::Dense>(gemm.trans_b, ops::Epilogue{}), inputs);
  return true;
}

bool from_matmul(Rewriter& rewriter, int i) {
  const std::vector<ValueId> in = rewriter.node(i).inputs;
  const TensorType& x = rewriter.graph().value(in[0]).type;
  if (!is_weights(rewriter.constant(in[1])) || rewriter.constant(in[0])) return false;
  if (!x.ranked || x.rank() < 1) return false;
  rewriter.set(i, std::make_shared<ops::Dense>(false, ops::Epilogue{}), in);
  return true;
}

}  // namespace

int make_dense(Graph& graph) {
  infer_types(graph);
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    const ops::OperatorPtr op = rewriter.node(i).op;
    if (const auto* gemm = dynamic_cast<const ops::Gemm*>(op.get()))
      changes += from_gemm(rewriter, i, *gemm);
    else if (dynamic_cast<const ops::MatMul*>(op.get())) changes += from_matmul(rewriter, i);
  }
  return changes;
}

}  // namespace engine::graph
