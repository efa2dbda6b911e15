// Positions within layers. After Brandes, Koepf: Fast and simple horizontal coordinate assignment,
// 2002: slots are tied to a median neighbour in blocks that stay straight, blocks are packed; done
// from both sides and in both directions, and the mean of the two middle results is taken. Packing
// is that of the dagre library: as far left as possible, then to the right where there is room.
#include "tools/inspect/layers.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>

namespace engine::tools {
namespace {

constexpr double kGap = 24;

using Order = std::vector<std::vector<std::size_t>>;
using Pairs = std::set<std::pair<std::size_t, std::size_t>>;  // upper slot, lower slot

std::vector<std::size_t> positions_in(const Order& order, std::size_t slots) {
  std::vector<std::size_t> position(slots);
  for (const auto& layer : order)
    for (std::size_t i = 0; i < layer.size(); ++i) position[layer[i]] = i;
  return position;
}

// Lines between boxes that cross a line between bends: those give way, so that long lines stay
// straight.
Pairs find_conflicts(const Layers& layers) {
  const auto position = positions_in(layers.layers, layers.slots.size());
  Pairs conflicts;
  for (std::size_t l = 1; l < layers.layers.size(); ++l) {
    const auto& layer = layers.layers[l];
    std::size_t left = 0, scanned = 0;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      std::size_t inner = std::numeric_limits<std::size_t>::max();
      if (layers.slots[layer[i]].bend)
        for (const std::size_t up : layers.slots[layer[i]].above)
          if (layers.slots[up].bend) inner = position[up];
      const bool is_inner = inner != std::numeric_limits<std::size_t>::max();
      if (!is_inner && i + 1 < layer.size()) continue;
      const std::size_t right = is_inner ? inner : layers.layers[l - 1].size();
      for (; scanned <= i; ++scanned)
        for (const std::size_t up : layers.slots[layer[scanned]].above) {
          const bool both_bends = layers.slots[up].bend && layers.slots[layer[scanned]].bend;
          if (!both_bends && (position[up] < left || position[up] > right))
            conflicts.insert({up, layer[scanned]});
        }
      left = right;
    }
  }
  return conflicts;
}

// One of the four runs: layers from top or from bottom, each from the left or (mirrored) the right.
class Run {
 public:
  Run(const Layers& layers, const Pairs& conflicts, bool upwards, bool mirrored)
      : layers_(layers), conflicts_(conflicts), upwards_(upwards), mirrored_(mirrored) {
    order_ = layers.layers;
    if (upwards) std::ranges::reverse(order_);
    if (mirrored)
      for (auto& layer : order_) std::ranges::reverse(layer);
    position_ = positions_in(order_, layers.slots.size());
  }

  std::vector<double> positions() {
    tie_blocks();
    std::vector<double> x = pack();
    if (mirrored_)
      for (double& value : x) value = -value;
    return x;
  }

 private:
  const std::vector<std::size_t>& before(std::size_t slot) const {
    return upwards_ ? layers_.slots[slot].below : layers_.slots[slot].above;
  }
  bool in_conflict(std::size_t a, std::size_t b) const {
    return conflicts_.contains(upwards_ ? std::pair(b, a) : std::pair(a, b));
  }

  void tie_blocks() {
    root_.resize(layers_.slots.size());
    for (std::size_t i = 0; i < root_.size(); ++i) root_[i] = i;
    for (const auto& layer : order_) {
      std::ptrdiff_t taken = -1;  // ties must not cross
      for (const std::size_t slot : layer) taken = tie(slot, taken);
    }
  }

  // Ties a slot to its median neighbour in the layer before, or to the other one of two medians.
  std::ptrdiff_t tie(std::size_t slot, std::ptrdiff_t taken) {
    std::vector<std::size_t> near = before(slot);
    if (near.empty()) return taken;
    std::ranges::sort(near, {}, [&](std::size_t i) { return position_[i]; });
    for (std::size_t m = (near.size() - 1) / 2; m <= near.size() / 2; ++m) {
      const auto place = static_cast<std::ptrdiff_t>(position_[near[m]]);
      if (place <= taken || in_conflict(near[m], slot)) continue;
      root_[slot] = root_[near[m]];
      return place;
    }
    return taken;
  }

  std::vector<double> pack() const {
    const std::size_t count = layers_.slots.size();
    std::vector<std::map<std::size_t, double>> right_of(count), left_of(count);
    for (const auto& layer : order_)
      for (std::size_t i = 1; i < layer.size(); ++i) {
        const std::size_t a = root_[layer[i - 1]], b = root_[layer[i]];
        const double apart =
            (layers_.slots[layer[i - 1]].width + layers_.slots[layer[i]].width) / 2 + kGap;
        right_of[a][b] = left_of[b][a] = std::max(right_of[a][b], apart);
      }
    const std::vector<std::size_t> sorted = topological(right_of, left_of);
    std::vector<double> x(count, 0);
    for (const std::size_t block : sorted)
      for (const auto& [other, apart] : left_of[block])
        x[block] = std::max(x[block], x[other] + apart);
    for (auto block = sorted.rbegin(); block != sorted.rend(); ++block) {
      double room = std::numeric_limits<double>::infinity();
      for (const auto& [other, apart] : right_of[*block]) room = std::min(room, x[other] - apart);
      if (room < std::numeric_limits<double>::infinity()) x[*block] = std::max(x[*block], room);
    }
    for (std::size_t i = 0; i < count; ++i) x[i] = x[root_[i]];
    return x;
  }

  std::vector<std::size_t> topological(
      const std::vector<std::map<std::size_t, double>>& right_of,
      const std::vector<std::map<std::size_t, double>>& left_of) const {
    std::vector<std::size_t> waiting(root_.size()), sorted;
    for (std::size_t i = 0; i < root_.size(); ++i) {
      waiting[i] = left_of[i].size();
      if (root_[i] == i && waiting[i] == 0) sorted.push_back(i);
    }
    for (std::size_t done = 0; done < sorted.size(); ++done)
      for (const auto& [other, apart] : right_of[sorted[done]])
        if (--waiting[other] == 0) sorted.push_back(other);
    return sorted;
  }

  const Layers& layers_;
  const Pairs& conflicts_;
  bool upwards_, mirrored_;
  Order order_;
  std::vector<std::size_t> position_, root_;
};

struct Extent {
  double left = std::numeric_limits<double>::infinity();
  double right = -std::numeric_limits<double>::infinity();
  double width() const { return right - left; }
};

Extent extent_of(const Layers& layers, const std::vector<double>& x) {
  Extent extent;
  for (std::size_t i = 0; i < x.size(); ++i) {
    extent.left = std::min(extent.left, x[i] - layers.slots[i].width / 2);
    extent.right = std::max(extent.right, x[i] + layers.slots[i].width / 2);
  }
  return extent;
}

}  // namespace

void place_slots(Layers& layers) {
  if (layers.slots.empty()) return;
  const Pairs conflicts = find_conflicts(layers);
  std::array<std::vector<double>, 4> runs;
  std::array<Extent, 4> extents;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i] = Run(layers, conflicts, i / 2 == 1, i % 2 == 1).positions();
    extents[i] = extent_of(layers, runs[i]);
  }
  const Extent narrowest = *std::ranges::min_element(extents, {}, &Extent::width);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const bool mirrored = i % 2 == 1;
    const double shift =
        mirrored ? narrowest.right - extents[i].right : narrowest.left - extents[i].left;
    for (double& x : runs[i]) x += shift;
  }
  for (std::size_t s = 0; s < layers.slots.size(); ++s) {
    std::array<double, 4> x = {runs[0][s], runs[1][s], runs[2][s], runs[3][s]};
    std::ranges::sort(x);
    layers.slots[s].x = (x[1] + x[2]) / 2;
  }
}

}  // namespace engine::tools
