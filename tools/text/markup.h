// Text inside HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace engine::tools {

/// The text with &, <, > and " as entities and without control characters.
std::string escape_markup(std::string_view text);

}  // namespace engine::tools
