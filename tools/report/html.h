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

/// The text with &, <, >, " as entities and without control characters: for HTML and SVG.
std::string escape_markup(std::string_view text);

}  // namespace engine::tools
