#include "graph/planner/layouts.h"

#include <map>

namespace engine::graph {
namespace {

class LayoutChooser {
 public:
  LayoutChooser(const Graph& graph, const std::vector<LayoutCandidate>& nodes)
      : graph_(graph), nodes_(nodes) {
    result_.value.resize(graph.values.size());
  }

  Layouts run() {
    for (const LayoutCandidate& candidate : nodes_) choose(candidate);
    for (const ValueId id : graph_.outputs)
      result_.copy_of_output.push_back(layout(id).blocked ? copy_of(id) : -1);
    return std::move(result_);
  }

 private:
  ops::Layout& layout(ValueId id) { return result_.value[static_cast<std::size_t>(id)]; }

  // The copy of a value in the layout that it does not have itself.
  int copy_of(ValueId id) {
    const auto [it, added] = copies_.emplace(id, static_cast<int>(result_.copies.size()));
    if (added) result_.copies.push_back({id, {.blocked = !layout(id).blocked}});
    return it->second;
  }

  bool runs_blocked(const LayoutCandidate& candidate) {
    if (candidate.offer.inputs == 0 || candidate.offer.preferred) return candidate.offer.preferred;
    for (std::size_t k = 0; k < candidate.node->inputs.size(); ++k)
      if (ops::has_input(candidate.offer.inputs, k) && layout(candidate.node->inputs[k]).blocked)
        return true;
    return false;
  }

  void choose(const LayoutCandidate& candidate) {
    const bool blocked = runs_blocked(candidate);
    std::vector<int>& copies = result_.copy_of_input.emplace_back();
    for (std::size_t k = 0; k < candidate.node->inputs.size(); ++k) {
      const ValueId id = candidate.node->inputs[k];
      const bool wanted = blocked && ops::has_input(candidate.offer.inputs, k);
      const bool as_it_is = id == kNoValue || layout(id).blocked == wanted;
      const int copy = as_it_is ? -1 : copy_of(id);
      copies.push_back(copy);
      if (wanted && k == 0)
        (copy < 0 ? layout(id) : result_.copies[static_cast<std::size_t>(copy)].layout)
            .border.cover(candidate.offer.border);
    }
    if (blocked && candidate.offer.output) layout(candidate.node->outputs[0]).blocked = true;
  }

  const Graph& graph_;
  const std::vector<LayoutCandidate>& nodes_;
  Layouts result_;
  std::map<ValueId, int> copies_;
};

}  // namespace

Layouts choose_layouts(const Graph& graph, const std::vector<LayoutCandidate>& nodes) {
  return LayoutChooser(graph, nodes).run();
}

}  // namespace engine::graph
