// Between UTF-8 and code points, as NumPy's text arrays hold them.
#pragma once

#include <string>
#include <string_view>

namespace engine::tools {

/// Appends the code points as UTF-8; false if one is a surrogate or beyond U+10FFFF.
bool append_utf8(std::u32string_view points, std::string& text);

/// The code points of a text; bytes that are not UTF-8 become U+FFFD.
std::u32string from_utf8(std::string_view text);

}  // namespace engine::tools
