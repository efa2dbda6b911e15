// Layers as real models have them: sizes at which a kernel's speed matters.
#pragma once

#include "support/bit_cases.h"

#include <vector>

namespace engine::bench {

struct LayerCase {
  test::BitCase layer;
  Index batch = 1;  ///< that the layer is used at
};

/// The distinct convolutions of ResNet-50 v1.5 and MobileNet v2, dense layers, recurrent layers,
/// attention, normalisations, pooling, and what only moves data.
const std::vector<LayerCase>& layer_cases();

}  // namespace engine::bench
