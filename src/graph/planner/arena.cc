#include "graph/planner/arena.h"

#include <iterator>

namespace engine::graph {

std::size_t ArenaLayout::take(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  if (const auto fit = sizes_.lower_bound({size, 0}); fit != sizes_.end()) {
    const auto [gap_size, offset] = *fit;
    remove_gap(gaps_.find(offset));
    if (gap_size > size) add_gap(offset + size, gap_size - size);
    return offset;
  }
  std::size_t offset = end_;
  if (!gaps_.empty()) {  // a gap at the very end is extended
    const auto last = std::prev(gaps_.end());
    if (last->first + last->second == end_) {
      offset = last->first;
      remove_gap(last);
    }
  }
  end_ = offset + size;
  return offset;
}

void ArenaLayout::give_back(std::size_t offset, std::size_t bytes) {
  std::size_t size = rounded(bytes);
  auto next = gaps_.lower_bound(offset);
  if (next != gaps_.end() && offset + size == next->first) {
    size += next->second;
    const auto merged = next++;
    remove_gap(merged);
  }
  if (next != gaps_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      remove_gap(before);
    }
  }
  add_gap(offset, size);
}

void ArenaLayout::add_gap(std::size_t offset, std::size_t size) {
  gaps_.emplace(offset, size);
  sizes_.emplace(size, offset);
}

void ArenaLayout::remove_gap(std::map<std::size_t, std::size_t>::iterator gap) {
  sizes_.erase({gap->second, gap->first});
  gaps_.erase(gap);
}

}  // namespace engine::graph
