// What pages that stand alone have in common: no script, no network, light and dark.
#pragma once

#include <string>
#include <string_view>

namespace engine::tools {

/// From the doctype to the heading. `title` is plain text; `style` is added to the common rules.
std::string begin_page(std::string_view title, std::string_view style = {});
std::string end_page();

/// A large value with a label below it. Both are markup already.
std::string figure(std::string_view value, std::string_view label);

}  // namespace engine::tools
