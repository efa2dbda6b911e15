// The comparison as a page that stands alone: no script, no network.
#pragma once

#include <engine/compare.h>

#include <string>

namespace engine::tools {

/// What the head of the page says.
struct PageHead {
  std::string model;
  Tolerance tolerance;
  bool cumulative = false;
};

std::string to_html(const CompareReport& report, const PageHead& head);

}  // namespace engine::tools
