#include "tools/unsupported.h"

#include <algorithm>
#include <cctype>

namespace engine::tools {
namespace {

// Position of `wanted` outside single quotes, or npos: names of nodes may hold anything. An
// apostrophe behind a letter opens no quotes.
std::size_t find_unquoted(std::string_view text, std::string_view wanted) {
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool in_word = i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1]));
    if (text[i] == '\'' && (in_quotes || !in_word)) in_quotes = !in_quotes;
    else if (!in_quotes && text.substr(i).starts_with(wanted)) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<std::string> unsupported_operators(std::string_view message) {
  std::vector<std::string> names;
  const std::size_t start = message.find(" unknown operator");
  const std::size_t colon = start == std::string_view::npos ? start : message.find("): ", start);
  if (colon == std::string_view::npos) return names;
  for (std::string_view rest = message.substr(colon + 3); !rest.empty();) {
    const std::size_t end = find_unquoted(rest, "; ");
    const std::string_view entry = rest.substr(0, end);
    const std::size_t name_end = std::min(entry.find(" in "), entry.find(" ("));
    if (name_end != std::string_view::npos) names.emplace_back(entry.substr(0, name_end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return names;
}

}  // namespace engine::tools
