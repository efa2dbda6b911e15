// The walk over the rows of a blocked tensor.
#pragma once

#include "base/pool.h"
#include "ops/layout.h"

#include <algorithm>

namespace engine::cpu {

/// Calls row(n, j, y) for each row of each block of channels, spread over the threads; the border
/// of `data` is cleared on the way. `each` is the work of a row in elements.
template <class Row>
void for_each_row(Pool& pool, const ops::BlockedView& view, float* data, Index each,
                  const Row& row) noexcept {
  constexpr Index kElementsPerTask = 8192;  // below, handing over costs more than it saves
  const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(1, each));
  pool.ranges(view.batch * view.blocks * view.height, grain, [&](Index first, Index last) {
    for (Index i = first; i < last; ++i) {
      const Index plane = i / view.height, y = i % view.height;
      const Index n = plane / view.blocks, j = plane % view.blocks;
      if (y == 0) view.clear_border(data, n, j);
      row(n, j, y);
    }
  });
}

}  // namespace engine::cpu
