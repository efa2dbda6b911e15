// Many things timed in turns, so that a drift of the machine's clock hits all of them alike.
#pragma once

#include "tools/bench/timing.h"

#include <functional>
#include <vector>

namespace engine::tools {

struct RoundOptions {
  int rounds = 9;
  double seconds = 0.1;  ///< for each subject, over all rounds
  std::function<void(int round)> before_round = {};
  std::function<void(std::size_t subject)> before_turn = {};
  std::function<void(std::size_t subject)> after_turn = {};
};

/// For each subject and round, the median of a run's nanoseconds. A subject's turn begins with runs
/// that do not count, since the one before it has emptied the caches; then it has at least one
/// sample. Short runs are timed in groups.
std::vector<std::vector<double>> measure_in_turns(const std::vector<Repeat>& subjects,
                                                  const RoundOptions& options);

}  // namespace engine::tools
