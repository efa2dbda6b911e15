#include "tools/inspect/layout.h"

#include "tools/inspect/layers.h"

#include <algorithm>

namespace engine::tools {
namespace {

constexpr double kLayerGap = 46;  // between layers: room for a label

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
    line.points = {
        {from.centre.x + (line.port - 0.5) * from.width, from.centre.y + from.height / 2}};
    const auto& way = layers.line_slots[l];
    for (std::size_t i = 1; i + 1 < way.size(); ++i) {
      const Slot& bend = layers.slots[way[i]];
      line.points.push_back({bend.x - left, top[bend.layer]});
      line.points.push_back({bend.x - left, top[bend.layer + 1] - kLayerGap});
    }
    line.points.push_back(
        {to.centre.x + (line.landing - 0.5) * to.width, to.centre.y - to.height / 2});
  }
}

}  // namespace

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
