// Text that came from a file, made safe to print.
#pragma once

#include <string>
#include <string_view>

namespace engine {

/// The name in single quotes, at most 80 characters, with control characters and broken UTF-8 as
/// \xNN: hostile names cannot corrupt a terminal or a log.
std::string quote(std::string_view name);

/// The text as the inside of a JSON string; broken UTF-8 becomes U+FFFD.
std::string json_escaped(std::string_view text);

/// "a, b and c".
template <class List>
std::string join(const List& list, std::string_view separator = ", ") {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

}  // namespace engine
