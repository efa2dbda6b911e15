// The walk over the rows of a blocked tensor.
#pragma once

#include "base/pool.h"
#include "ops/layout.h"

#include <algorithm>

namespace engine::cpu {

/// Calls rows(n, j, first, last) for the rows [first, last) of each block of channels, which are
/// spread over the threads; the border of `data` is cleared on the way. `each` is the work of a row
/// in elements.
template <class Rows>
void for_each_rows(Pool& pool, const ops::BlockedView& view, float* data, Index each,
                   const Rows& rows) noexcept {
  constexpr Index kElementsPerTask = 8192;  // below, handing over costs more than it saves
  const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(1, each));
  pool.ranges(view.batch * view.blocks * view.height, grain, [&](Index begin, Index end) {
    for (Index i = begin; i < end;) {
      const Index plane = i / view.height, first = i % view.height;
      const Index last = std::min(view.height, first + end - i);
      const Index n = plane / view.blocks, j = plane % view.blocks;
      if (first == 0) view.clear_border(data, n, j);
      rows(n, j, first, last);
      i += last - first;
    }
  });
}

/// The same, row by row: row(n, j, y).
template <class Row>
void for_each_row(Pool& pool, const ops::BlockedView& view, float* data, Index each,
                  const Row& row) noexcept {
  for_each_rows(pool, view, data, each, [&](Index n, Index j, Index first, Index last) {
    for (Index y = first; y < last; ++y) row(n, j, y);
  });
}

}  // namespace engine::cpu
