#include "tools/inspect/layers.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace engine::tools {
namespace {

// Boxes come in no particular order, so this is Kahn's walk; then what has nothing above it moves
// down to just above its first reader.
std::vector<std::size_t> longest_paths(const Layout& layout) {
  const std::size_t count = layout.boxes.size();
  std::vector<std::size_t> layer(count, 0), waiting(count, 0), ready;
  std::vector<std::vector<std::size_t>> readers(count);
  for (const LayoutLine& line : layout.lines) {
    readers[line.from].push_back(line.to);
    ++waiting[line.to];
  }
  const std::vector<std::size_t> inputs = waiting;
  for (std::size_t i = 0; i < count; ++i)
    if (waiting[i] == 0) ready.push_back(i);
  for (std::size_t done = 0; done < ready.size(); ++done)
    for (const std::size_t reader : readers[ready[done]]) {
      layer[reader] = std::max(layer[reader], layer[ready[done]] + 1);
      if (--waiting[reader] == 0) ready.push_back(reader);
    }
  for (std::size_t i = 0; i < count; ++i) {
    if (inputs[i] > 0 || readers[i].empty()) continue;
    std::size_t first = std::numeric_limits<std::size_t>::max();
    for (const std::size_t reader : readers[i]) first = std::min(first, layer[reader]);
    layer[i] = first - 1;
  }
  return layer;
}

void connect(Layers& layers, std::size_t upper, std::size_t lower) {
  auto& below = layers.slots[upper].below;
  if (std::ranges::find(below, lower) != below.end()) return;
  below.push_back(lower);
  layers.slots[lower].above.push_back(upper);
}

// Bends of one source, by layer: lines that carry the same thing share them.
using Bends = std::map<std::size_t, std::size_t>;

void route(Layers& layers, const LayoutLine& line, Bends& bends, std::vector<std::size_t>& way) {
  const std::size_t last = layers.slots[line.to].layer;
  way = {line.from};
  for (std::size_t layer = layers.slots[line.from].layer + 1; layer < last; ++layer) {
    const auto [found, fresh] = bends.try_emplace(layer, layers.slots.size());
    if (fresh) {
      constexpr double kBendWidth = 10;
      layers.slots.push_back({layer, kBendWidth, true, 0, {}, {}});
      layers.layers[layer].push_back(found->second);
    }
    connect(layers, way.back(), found->second);
    way.push_back(found->second);
  }
  connect(layers, way.back(), line.to);
  way.push_back(line.to);
}

using Order = std::vector<std::vector<std::size_t>>;

// Positions within the layers.
std::vector<std::size_t> positions_of(const Layers& layers) {
  std::vector<std::size_t> position(layers.slots.size());
  for (const auto& layer : layers.layers)
    for (std::size_t i = 0; i < layer.size(); ++i) position[layer[i]] = i;
  return position;
}

// Sorts a layer by the mean position of the neighbours; slots without any stay where they are.
void sort_by_neighbours(Layers& layers, std::size_t index, bool downwards,
                        std::vector<std::size_t>& position) {
  auto& layer = layers.layers[index];
  std::vector<std::pair<double, std::size_t>> keyed;
  for (const std::size_t slot : layer) {
    const auto& near = downwards ? layers.slots[slot].above : layers.slots[slot].below;
    double sum = 0;
    for (const std::size_t other : near) sum += static_cast<double>(position[other]);
    keyed.emplace_back(
        near.empty() ? static_cast<double>(position[slot]) : sum / static_cast<double>(near.size()),
        slot);
  }
  std::ranges::stable_sort(keyed, {}, &std::pair<double, std::size_t>::first);
  for (std::size_t i = 0; i < layer.size(); ++i) {
    layer[i] = keyed[i].second;
    position[layer[i]] = i;
  }
}

// Crossings between all neighbouring layers: inversions, counted with a Fenwick tree.
std::size_t crossings(const Layers& layers, const std::vector<std::size_t>& position) {
  std::size_t total = 0;
  for (std::size_t l = 0; l + 1 < layers.layers.size(); ++l) {
    std::vector<std::size_t> tree(layers.layers[l + 1].size() + 1, 0);
    std::size_t seen = 0;
    for (const std::size_t slot : layers.layers[l]) {
      std::vector<std::size_t> ends;
      for (const std::size_t other : layers.slots[slot].below) ends.push_back(position[other]);
      for (const std::size_t end : ends) {
        std::size_t not_right = 0;
        for (std::size_t i = end + 1; i > 0; i -= i & (~i + 1)) not_right += tree[i];
        total += seen - not_right;
      }
      for (const std::size_t end : ends) {
        for (std::size_t i = end + 1; i < tree.size(); i += i & (~i + 1)) ++tree[i];
        ++seen;
      }
    }
  }
  return total;
}

}  // namespace

Layers make_layers(const Layout& layout, std::size_t max_bends) {
  Layers layers;
  const std::vector<std::size_t> layer = longest_paths(layout);
  const std::size_t count = layer.empty() ? 0 : *std::ranges::max_element(layer) + 1;
  layers.layers.resize(count);
  for (std::size_t i = 0; i < layer.size(); ++i) {
    layers.slots.push_back({layer[i], layout.boxes[i].width, false, 0, {}, {}});
    layers.layers[layer[i]].push_back(i);
  }
  std::map<std::pair<std::size_t, std::size_t>, Bends> bends;
  for (const LayoutLine& line : layout.lines) {
    route(layers, line, bends[{line.from, line.source}], layers.line_slots.emplace_back());
    if (layers.slots.size() - layout.boxes.size() > max_bends) return {};
  }
  return layers;
}

void order_layers(Layers& layers) {
  constexpr int kSweeps = 16;
  std::vector<std::size_t> position = positions_of(layers);
  Order best = layers.layers;
  std::size_t fewest = crossings(layers, position);
  const std::size_t count = layers.layers.size();
  for (int sweep = 0; sweep < kSweeps && fewest > 0; ++sweep) {
    const bool downwards = sweep % 2 == 0;
    for (std::size_t i = 1; i < count; ++i)
      sort_by_neighbours(layers, downwards ? i : count - 1 - i, downwards, position);
    const std::size_t now = crossings(layers, position);
    if (now < fewest) {
      fewest = now;
      best = layers.layers;
    }
  }
  layers.layers = best;
}

}  // namespace engine::tools
