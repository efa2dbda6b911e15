// How the choice for one layer is found: one parameter after the other.
#pragma once

#include "ops/tuning.h"

namespace engine::tuning {

/// What is known of a layer.
struct Entry {
  ops::Choice choice;  ///< what differs from the defaults
  Index steps = 0;     ///< of the search that are done
  double speedup = 1;  ///< of the choice over the defaults, as it was measured last
};

/// Tries every value of each parameter beside the best choice so far, and at the end holds the best
/// against the defaults, which win unless it is clearly faster. Knows nothing of clocks: the caller
/// measures. Can go on from an entry.
class Search {
 public:
  explicit Search(ops::Tunable layer, Entry known = {});

  const std::string& layer() const noexcept { return layer_.layer; }
  const Entry& entry() const noexcept { return entry_; }
  bool finished() const noexcept { return entry_.steps >= steps(); }
  /// All steps of the search, those among them that have nothing to compare.
  Index steps() const noexcept;

  /// The choices of the next step, unless finished: what stays, and what takes its place if it is
  /// faster.
  const ops::Choice& incumbent() const noexcept { return incumbent_; }
  const ops::Choice& challenger() const noexcept { return challenger_; }
  /// Ends the step: `speedup` is the incumbent's time over the challenger's.
  void judge(double speedup);

 private:
  void prepare();
  bool draw_step();

  ops::Tunable layer_;
  Entry entry_;
  ops::Choice incumbent_, challenger_;
};

}  // namespace engine::tuning
