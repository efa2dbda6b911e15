// A benchmark as a page that stands alone: no script, no network.
#pragma once

#include "tools/bench/comparison.h"
#include "tools/bench/cost.h"
#include "tools/report/charts.h"
#include "tools/report/peers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace engine::tools {

struct BenchPage {
  std::string title;
  std::vector<std::pair<std::string, std::string>> figures;  ///< value and label, plain text
  tuning::MachinePeak peak;
  std::vector<NodeCost> layers;
  BarScale scale = BarScale::kTime;
  std::optional<Comparison> comparison;
  std::vector<PeerRatio> peers;
};

std::string to_html(const BenchPage& page);

}  // namespace engine::tools
