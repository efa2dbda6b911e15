// ROC curves as physicists draw them: background efficiency, on a logarithmic scale, over signal
// efficiency. Lower is better.
#pragma once

#include "metrics.h"

#include <string>
#include <vector>

namespace jets {

struct Curve {
  std::string name;
  Roc roc;
};

/// A picture that stands alone. At most six curves.
std::string roc_svg(const std::vector<Curve>& curves, const std::string& title,
                    const std::string& subtitle);

}  // namespace jets
