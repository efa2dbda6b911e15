// Which operators an Error (kUnsupported) is about.
#pragma once

#include <engine/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// Names from the loader's message "N unknown operators (why): A in node 'x' and 3 more; d::B in
/// ...". Empty if the message is about something else.
std::vector<std::string> unsupported_operators(std::string_view message);

}  // namespace engine::tools
