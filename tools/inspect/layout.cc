#include "tools/inspect/layout.h"

#include "tools/inspect/layers.h"

#include <algorithm>

namespace engine::tools {
namespace {

constexpr double kGap = 24;       // between neighbours of a layer
constexpr double kLayerGap = 46;  // between layers: room for a label
constexpr int kSweeps = 40;

// Lines between bends pull harder than those between boxes, so that long lines become straight.
double pull(const Slot& a, const Slot& b) { return a.bend && b.bend ? 8 : a.bend || b.bend ? 2 : 1; }

// Where the neighbours want a slot to be, and how strongly.
struct Wish {
  double x, weight;
};

Wish wish_of(const Layers& layers, const Slot& slot, bool look_up, bool look_down) {
  double sum = 0, weight = 0;
  const auto add = [&](const std::vector<std::size_t>& near) {
    for (const std::size_t i : near) {
      const double w = pull(slot, layers.slots[i]);
      sum += w * layers.slots[i].x;
      weight += w;
    }
  };
  if (look_up) add(slot.above);
  if (look_down) add(slot.below);
  if (weight == 0) return {slot.x, 0.01};
  return {sum / weight, weight};
}

// A run of slots that touch: their common best place.
struct Pool {
  double sum, weight;
  std::size_t first;
  double x() const { return sum / weight; }
};

// Least squares for one layer: minimise sum of weight (x - wish)^2 with neighbours at least as far
// apart as their widths ask. Subtracting the packed offsets makes that "x must not fall".
void settle(Layers& layers, const std::vector<std::size_t>& layer, bool look_up, bool look_down) {
  std::vector<double> offset(layer.size(), 0);
  for (std::size_t i = 1; i < layer.size(); ++i) {
    const Slot &left = layers.slots[layer[i - 1]], &right = layers.slots[layer[i]];
    offset[i] = offset[i - 1] + (left.width + right.width) / 2 + kGap;
  }
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < layer.size(); ++i) {
    const Wish wish = wish_of(layers, layers.slots[layer[i]], look_up, look_down);
    pools.push_back({wish.weight * (wish.x - offset[i]), wish.weight, i});
    while (pools.size() > 1 && pools[pools.size() - 2].x() >= pools.back().x()) {
      pools[pools.size() - 2].sum += pools.back().sum;
      pools[pools.size() - 2].weight += pools.back().weight;
      pools.pop_back();
    }
  }
  for (std::size_t p = 0; p < pools.size(); ++p) {
    const std::size_t last = p + 1 < pools.size() ? pools[p + 1].first : layer.size();
    for (std::size_t i = pools[p].first; i < last; ++i)
      layers.slots[layer[i]].x = pools[p].x() + offset[i];
  }
}

std::vector<double> layer_tops(const Layout& layout, const Layers& layers, double& height) {
  std::vector<double> tallest(layers.layers.size(), 0), top;
  for (std::size_t i = 0; i < layout.boxes.size(); ++i) {
    double& tall = tallest[layers.slots[i].layer];
    tall = std::max(tall, layout.boxes[i].height);
  }
  double y = 0;
  for (const double tall : tallest) {
    top.push_back(y);
    y += tall + kLayerGap;
  }
  height = std::max(0.0, y - kLayerGap);
  top.push_back(y);
  return top;
}

void place_boxes(Layout& layout, const Layers& layers, const std::vector<double>& top) {
  double left = 0, right = 0;
  for (std::size_t i = 0; i < layers.slots.size(); ++i) {
    const Slot& slot = layers.slots[i];
    left = i == 0 ? slot.x - slot.width / 2 : std::min(left, slot.x - slot.width / 2);
    right = i == 0 ? slot.x + slot.width / 2 : std::max(right, slot.x + slot.width / 2);
  }
  layout.width = right - left;
  for (std::size_t i = 0; i < layout.boxes.size(); ++i)
    layout.boxes[i].centre = {layers.slots[i].x - left,
                              top[layers.slots[i].layer] + layout.boxes[i].height / 2};
  for (std::size_t l = 0; l < layout.lines.size(); ++l) {
    LayoutLine& line = layout.lines[l];
    const LayoutBox &from = layout.boxes[line.from], &to = layout.boxes[line.to];
    line.points = {{from.centre.x + (line.port - 0.5) * from.width, from.centre.y + from.height / 2}};
    const auto& way = layers.line_slots[l];
    for (std::size_t i = 1; i + 1 < way.size(); ++i) {
      const Slot& bend = layers.slots[way[i]];
      line.points.push_back({bend.x - left, top[bend.layer]});
      line.points.push_back({bend.x - left, top[bend.layer + 1] - kLayerGap});
    }
    line.points.push_back({to.centre.x + (line.landing - 0.5) * to.width, to.centre.y - to.height / 2});
  }
}

}  // namespace

void place_slots(Layers& layers) {
  for (const auto& layer : layers.layers) {  // packed, around 0
    double x = 0;
    for (const std::size_t slot : layer) x += layers.slots[slot].width + kGap;
    x /= -2;
    for (const std::size_t slot : layer) {
      layers.slots[slot].x = x + layers.slots[slot].width / 2;
      x += layers.slots[slot].width + kGap;
    }
  }
  const std::size_t count = layers.layers.size();
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const bool downwards = sweep % 2 == 0, both = sweep >= kSweeps / 2;
    for (std::size_t i = 0; i < count; ++i)
      settle(layers, layers.layers[downwards ? i : count - 1 - i], downwards || both, !downwards || both);
  }
}

bool lay_out(Layout& layout, std::size_t max_bends) {
  Layers layers = make_layers(layout, max_bends);
  if (layers.slots.size() < layout.boxes.size()) return false;
  order_layers(layers);
  place_slots(layers);
  const std::vector<double> top = layer_tops(layout, layers, layout.height);
  place_boxes(layout, layers, top);
  return true;
}

}  // namespace engine::tools
