// Two recordings held against each other.
#pragma once

#include "tools/bench/recording.h"
#include "tools/bench/statistics.h"

#include <string>
#include <vector>

namespace engine::tools {

/// One entry that both recordings have.
struct Change {
  std::string name;
  double old_ns = 0, new_ns = 0;
  Ratio speedup;  ///< old time by new: above 1 it is faster now
  Verdict verdict = Verdict::kSame;
};

struct Comparison {
  std::string source;           ///< the file with the old recording
  double least = 0;             ///< smaller differences count as none
  std::vector<Change> changes;  ///< in the order of the new recording
  std::vector<std::string> added, gone;
  std::vector<std::string> remarks;  ///< what else differs and may explain it
};

Comparison compare(const Recording& before, const Recording& now, double least);

/// Geometric mean of the speedups; 1 if there are none.
double mean_speedup(const Comparison& comparison);

Json to_json(const Comparison& comparison);

/// A table with a summary below it, for people. `all`: also entries that did not change.
std::string to_table(const Comparison& comparison, bool all);

}  // namespace engine::tools
