// Lays buffers out in one block of memory.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace engine::graph {

/// Hands out offsets in the order of execution and takes them back: best fit among the gaps, which
/// merge with their neighbours; the block grows when none fits. All offsets are multiples of
/// `alignment`, a power of two.
class ArenaLayout {
 public:
  explicit ArenaLayout(std::size_t alignment = 64) : alignment_(alignment) {}

  std::size_t take(std::size_t bytes);
  void give_back(std::size_t offset, std::size_t bytes);
  /// The block's size so far.
  std::size_t bytes() const noexcept { return end_; }

  std::size_t rounded(std::size_t bytes) const noexcept {
    return bytes == 0 ? alignment_ : (bytes + alignment_ - 1) / alignment_ * alignment_;
  }

 private:
  void add_gap(std::size_t offset, std::size_t size);
  void remove_gap(std::map<std::size_t, std::size_t>::iterator gap);

  std::map<std::size_t, std::size_t> gaps_;              // offset -> size
  std::set<std::pair<std::size_t, std::size_t>> sizes_;  // (size, offset)
  std::size_t end_ = 0;
  std::size_t alignment_;
};

}  // namespace engine::graph
