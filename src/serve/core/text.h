// Names from outside in messages, and lists of numbers as Triton prints them.
#pragma once

#include <engine/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace engine::serve {

/// The name in single quotes, at most 80 bytes, whatever is not printable ASCII as \xNN.
std::string quote(std::string_view name);

/// "[-1,16]".
std::string dims_text(const Shape& shape);

/// "['a','b']".
std::string names_text(const std::vector<std::string>& names);

}  // namespace engine::serve
