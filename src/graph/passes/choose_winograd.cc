// Conv with constant 3x3 filters becomes one in Winograd's form where its shape asks for it. Height
// and width must be those that the model states: bits depend on a layer's own shape, never on what
// a session binds.
#include "graph/passes/passes.h"
#include "graph/passes/rewriter.h"
#include "numerics/winograd.h"
#include "ops/conv.h"

#include <algorithm>
#include <cmath>

namespace engine::graph {
namespace {

bool all_are(const std::vector<Index>& list, Index value) {
  return std::ranges::all_of(list, [&](Index v) { return v == value; });
}

// Sums of a few filter taps must not overflow.
bool is_moderate(const Tensor& filters) {
  return std::ranges::all_of(filters.values<float>(), [](float w) { return std::fabs(w) < 1e37f; });
}

Index tile_of(Rewriter& rewriter, int i, const ops::Conv& conv) {
  const Node& node = rewriter.node(i);
  const Tensor* w = rewriter.constant(node.inputs[ops::Conv::kWeights]);
  if (!w || w->dtype() != DType::kFloat32 || w->rank() != 4 || conv.group != 1) return 0;
  if (w->shape()[2] != 3 || w->shape()[3] != 3) return 0;
  if (!all_are(conv.spatial.strides, 1) || !all_are(conv.spatial.dilations, 1)) return 0;
  const TensorType &x = rewriter.graph().value(node.inputs[ops::Conv::kX]).type,
                   &y = rewriter.graph().value(node.outputs[0]).type;
  if (!x.ranked || !y.ranked || !x.dims[2].known() || !x.dims[3].known() || !y.dims[2].known() ||
      !y.dims[3].known())
    return 0;
  const Shape image = {x.dims[2].value(), x.dims[3].value()};
  if (image[0] < 1 || image[1] < 1) return 0;
  // Wide borders would be computed tile by tile.
  constexpr Index kMostPads = 2;
  const ops::Windows windows = conv.spatial.windows(image, {3, 3});
  for (const Shape* pads : {&windows.pads_begin, &windows.pads_end})
    if (std::ranges::any_of(*pads, [](Index pad) { return pad > kMostPads; })) return 0;
  const Index tile =
      numerics::winograd_tile(w->shape()[1], w->shape()[0], y.dims[2].value(), y.dims[3].value());
  return tile != 0 && is_moderate(*w) ? tile : 0;
}

}  // namespace

int choose_winograd(Graph& graph) {
  infer_types(graph);
  Rewriter rewriter(graph);
  int changes = 0;
  for (int i = 0; i < rewriter.size(); ++i) {
    const auto* conv = dynamic_cast<const ops::Conv*>(rewriter.node(i).op.get());
    const Index tile = conv ? tile_of(rewriter, i, *conv) : 0;
    if (tile == 0) continue;
    const std::vector<ValueId> inputs = rewriter.node(i).inputs;
    rewriter.set(i, std::make_shared<ops::Conv>(conv->spatial, conv->group, conv->epilogue, tile),
                 inputs);
    ++changes;
  }
  return changes;
}

}  // namespace engine::graph
