// The values of a program at fixed input shapes, and the reordered copies that a plan makes of
// them.
#pragma once

#include "graph/planner/shapes.h"
#include "ops/layout.h"

#include <cstddef>
#include <vector>

namespace engine::graph {

/// Ids below the graph's number of values are the graph's; those behind are float32 copies of a
/// value in another layout.
class PlannedValues {
 public:
  PlannedValues(const Graph& graph, Shapes shapes) : graph_(graph), shapes_(std::move(shapes)) {
    // Of a constant whose elements were let go after packing, the type still has the shape.
    for (std::size_t i = 0; i < shapes_.shape.size(); ++i)
      if (!shapes_.shape[i] && !shapes_.known[i].defined())
        shapes_.shape[i] = graph.values[i].type.shape();
    layouts_.resize(graph.values.size());
  }

  const Graph& graph() const noexcept { return graph_; }
  std::size_t size() const noexcept { return layouts_.size(); }
  bool is_copy(ValueId id) const noexcept { return at(id) >= graph_.values.size(); }

  DType dtype(ValueId id) const {
    return is_copy(id) ? DType::kFloat32 : graph_.value(id).type.dtype;
  }
  const ops::Layout& layout(ValueId id) const { return layouts_[at(id)]; }
  /// The elements, if they are known before the run.
  const Tensor& known(ValueId id) const { return shapes_.known[at(id)]; }
  const Shape& shape(ValueId id) const {
    return known(id).defined() ? known(id).shape() : *shapes_.shape[at(id)];
  }
  std::size_t bytes(ValueId id) const {
    if (layout(id).blocked) return ops::blocked_bytes(shape(id), layout(id));
    return static_cast<std::size_t>(byte_count(dtype(id), shape(id)));
  }
  /// Nodes whose outputs are all known.
  bool folded(std::size_t node) const { return shapes_.folded[node]; }

  void set_layouts(std::vector<ops::Layout> layouts) { layouts_ = std::move(layouts); }
  ValueId add_copy(ValueId source, const ops::Layout& layout) {
    shapes_.shape.push_back(shape(source));
    shapes_.known.emplace_back();
    layouts_.push_back(layout);
    return static_cast<ValueId>(size()) - 1;
  }
  /// Lets go of the elements that are known: the last thing to do.
  std::vector<Tensor> take_known() {
    std::vector<Tensor> tensors;
    for (Tensor& tensor : shapes_.known)
      if (tensor.defined()) tensors.push_back(std::move(tensor));
    return tensors;
  }

 private:
  static std::size_t at(ValueId id) noexcept { return static_cast<std::size_t>(id); }

  const Graph& graph_;
  Shapes shapes_;
  std::vector<ops::Layout> layouts_;
};

}  // namespace engine::graph
