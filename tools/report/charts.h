// The pictures of a benchmark's page, each an <svg> element.
#pragma once

#include "tools/bench/cost.h"
#include "tools/bench/statistics.h"

#include <string>
#include <vector>

namespace engine::tools {

/// Operations a second against operations per byte, both logarithmic: the measured roofs, and every
/// layer that computes as a point whose area is its share of the time.
std::string roofline_chart(const std::vector<NodeCost>& layers, const tuning::MachinePeak& peak);

/// What the bars of `time_chart` are drawn to.
enum class BarScale { kTime, kShare };

/// A bar for each layer. kTime: its length is the time, the dark part the floor. kShare: its length
/// is one for all, the dark part the share of the roof that is reached.
std::string time_chart(const std::vector<NodeCost>& layers, BarScale scale);

/// One mark with whiskers.
struct RatioMark {
  std::string row;     ///< marks of one row stand below each other
  std::string series;  ///< has a colour, and an entry in the legend if there are several
  Ratio ratio;
  const char* colour = nullptr;  ///< of the series; one of the palette's if null
};

/// Ratios on a logarithmic axis with a line at 1; rows and series in the order of their first mark.
/// `right` and `left` say what lies there.
std::string ratio_chart(const std::vector<RatioMark>& marks, const std::string& left,
                        const std::string& right);

}  // namespace engine::tools
