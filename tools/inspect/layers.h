// The graph in layers: boxes and the bends of long lines as one kind of thing, a slot.
#pragma once

#include "tools/inspect/layout.h"

#include <map>
#include <vector>

namespace engine::tools {

/// A box, or a bend where a line passes a layer.
struct Slot {
  std::size_t layer = 0;
  double width = 0;
  bool bend = false;
  double x = 0;
  std::vector<std::size_t> above, below;  ///< neighbours in the layers next to this one
};

struct Layers {
  std::vector<Slot> slots;                       ///< the first are the boxes, in their order
  std::vector<std::vector<std::size_t>> layers;  ///< slots from left to right
  std::vector<std::vector<std::size_t>>
      line_slots;  ///< for each line: all slots, both ends included
};

/// Layers and bends, in the order of the boxes within each layer.
Layers make_layers(const Layout& layout, std::size_t max_bends);

/// Reorders the layers until lines hardly cross.
void order_layers(Layers& layers);

/// Gives every slot its x; keeps the order.
void place_slots(Layers& layers);

}  // namespace engine::tools
