// Attention as exporters write it out: projections are split into heads that move in front of the
// tokens, softmax(scale(q k')) v is computed there, and the heads move back:
//   Transpose(Softmax(Transpose(q) Transpose(k) / c + bias) Transpose(v))
//     ->  HeadAttention(q, k, v, bias)
#include "graph/passes/match.h"
#include "graph/passes/passes.h"
#include "ops/head_attention.h"
#include "ops/matmul.h"
#include "ops/softmax.h"
#include "ops/transpose.h"

namespace engine::graph {
namespace {

using Permutation = std::vector<Index>;
const Permutation kHeadsFirst = {0, 2, 1, 3};  // [N, tokens, H, D] -> [N, H, tokens, D] and back
const Permutation kHeadsTransposed = {0, 2, 3, 1};  // [N, tokens, H, D] -> [N, H, D, tokens]

// The input of the Transpose with this permutation that makes `id`, or kNoValue.
ValueId before_transpose(Rewriter& rewriter, ValueId id, const Permutation& perm) {
  const auto* op = rewriter.made_by<ops::Transpose>(id);
  return op && op->perm == perm ? rewriter.node(rewriter.producer(id)).inputs[0] : kNoValue;
}

// The node that makes `id` for nobody but one other, if it is such an operator; else null.
template <class Op>
const Node* inner_node(Rewriter& rewriter, ValueId id) {
  const bool found = rewriter.made_by<Op>(id) && rewriter.only_user(id) >= 0;
  return found ? &rewriter.node(rewriter.producer(id)) : nullptr;
}

// Follows `id` back over a product with a positive scalar or a quotient by one.
ops::ScoreScale take_scale(Rewriter& rewriter, ValueId& id) {
  const Node* node = inner_node<ops::Binary>(rewriter, id);
  if (!node) return {};
  const auto kind = static_cast<const ops::Binary&>(*node->op).kind;
  const bool divides = kind == ops::BinaryKind::kDiv;
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const auto factor = scalar_operand(rewriter, *node, 1 - side);
    if (!factor || !(*factor > 0) || !std::isfinite(*factor)) continue;
    if (kind != ops::BinaryKind::kMul && !(divides && side == 0)) continue;
    id = node->inputs[side];
    return {*factor, divides};
  }
  return {};
}

bool is_last_axis(const Node& softmax) {
  const auto& op = static_cast<const ops::Softmax&>(*softmax.op);
  return !op.log && !op.flatten && (op.axis == -1 || op.axis == 3);
}

// Whether values have rank 4 and the same samples and heads, so that no product broadcasts.
bool fit(const Graph& graph, const std::vector<ValueId>& in) {
  const TensorType& first = graph.value(in[0]).type;
  for (const ValueId id : in) {
    if (id == kNoValue) return false;
    const TensorType& type = graph.value(id).type;
    if (!type.ranked || type.rank() != 4 || type.dtype != DType::kFloat32) return false;
    if (!(type.dims[0] == first.dims[0] && type.dims[2] == first.dims[2])) return false;
  }
  return true;
}

struct Scores {
  const Node* product = nullptr;  ///< null: not found
  ops::ScoreScale scale;
  ValueId bias = kNoValue;
};

Scores scaled_product(Rewriter& rewriter, ValueId id, ValueId bias) {
  const ops::ScoreScale scale = take_scale(rewriter, id);
  return {inner_node<ops::MatMul>(rewriter, id), scale, bias};
}

// What softmax is computed of: scaled products, and maybe a bias behind them.
Scores find_scores(Rewriter& rewriter, ValueId id) {
  const Scores plain = scaled_product(rewriter, id, kNoValue);
  const Node* add = binary_node(rewriter, id, ops::BinaryKind::kAdd);
  if (plain.product || !add || rewriter.only_user(id) < 0) return plain;
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const Scores found = scaled_product(rewriter, add->inputs[side], add->inputs[1 - side]);
    if (found.product) return found;
  }
  return {};
}

// Whether a bias broadcasts to the scores of these queries and keys, and to no more.
bool fits_scores(const Graph& graph, ValueId bias, const std::vector<ValueId>& in) {
  const TensorType &b = graph.value(bias).type, &q = graph.value(in[0]).type;
  const TensorType& k = graph.value(in[1]).type;
  if (!b.ranked || b.rank() != 4 || b.dtype != DType::kFloat32) return false;
  const Dims scores = {q.dims[0], q.dims[2], q.dims[1], k.dims[1]};
  for (std::size_t i = 0; i < 4; ++i)
    if (!(b.dims[i] == scores[i]) && (i == 3 || !(b.dims[i] == Dim(1)))) return false;
  return true;
}

// Fuses what ends in the Transpose `i`, if all of it is there.
bool fuse(Rewriter& rewriter, int i) {
  const ValueId heads = before_transpose(rewriter, rewriter.node(i).outputs[0], kHeadsFirst);
  if (heads == kNoValue) return false;
  const Node* outputs = inner_node<ops::MatMul>(rewriter, heads);
  if (!outputs) return false;
  const Node* softmax = inner_node<ops::Softmax>(rewriter, outputs->inputs[0]);
  if (!softmax || !is_last_axis(*softmax)) return false;
  const Scores scores = find_scores(rewriter, softmax->inputs[0]);
  if (!scores.product) return false;
  const std::vector<ValueId>& factors = scores.product->inputs;
  std::vector<ValueId> in = {before_transpose(rewriter, factors[0], kHeadsFirst),
                             before_transpose(rewriter, factors[1], kHeadsTransposed),
                             before_transpose(rewriter, outputs->inputs[1], kHeadsFirst)};
  if (!fit(rewriter.graph(), in)) return false;
  if (scores.bias != kNoValue) {
    if (!fits_scores(rewriter.graph(), scores.bias, in)) return false;
    in.push_back(scores.bias);
  }
  rewriter.set(i, std::make_shared<ops::HeadAttention>(scores.scale), std::move(in));
  return true;
}

}  // namespace

int fuse_attention(Graph& graph) {
  infer_types(graph);
  int changes = 0;
  {
    Rewriter rewriter(graph);
    for (int i = 0; i < rewriter.size(); ++i) changes += fuse(rewriter, i);
  }
  if (changes) eliminate_dead_nodes(graph);
  return changes;
}

}  // namespace engine::graph
