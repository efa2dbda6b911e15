// Differences between tensors, for machines and for people.
#pragma once

#include "tools/report/json.h"

#include <engine/compare.h>

#include <array>
#include <string>

namespace engine::tools {

/// Labels of Difference::ulp_histogram, "0" to ">512".
inline constexpr std::array<const char*, 12> kUlpLabels = {
    "0", "1", "2", "3-4", "5-8", "9-16", "17-32", "33-64", "65-128", "129-256", "257-512", ">512"};

Json to_json(const Difference& difference);
Json to_json(const NodeDifference& node);
Json to_json(const CompareReport& report);

/// A histogram as a line of blocks, one for each ULP bucket, by the logarithm of its count.
std::string sparkline(const Difference& difference);

/// "equal", "within", "differs", "shape differs" or "not checked".
std::string verdict(const NodeDifference& node);

}  // namespace engine::tools
