#include "tools/io/utf8.h"

#include <cstdint>

namespace engine::tools {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_scalar_value(char32_t point) {
  return point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);
}

// Reads one code point and advances; kReplacement and one byte on anything malformed.
char32_t take(std::string_view text, std::size_t& at) {
  const auto first = static_cast<std::uint8_t>(text[at++]);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < static_cast<std::size_t>(more))
    return kReplacement;
  char32_t point = first & (0x3fu >> more);
  for (int i = 0; i < more; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[at + static_cast<std::size_t>(i)]);
    if ((byte & 0xc0) != 0x80) return kReplacement;
    point = point << 6 | (byte & 0x3fu);
  }
  constexpr char32_t kShortest[] = {0, 0x80, 0x800, 0x10000};
  if (point < kShortest[more] || !is_scalar_value(point)) return kReplacement;
  at += static_cast<std::size_t>(more);
  return point;
}

}  // namespace

bool append_utf8(std::u32string_view points, std::string& text) {
  for (const char32_t point : points) {
    if (!is_scalar_value(point)) return false;
    const int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
    text += static_cast<char>(kLead[more] | point >> 6 * more);
    for (int i = more; i-- > 0;) text += static_cast<char>(0x80 | (point >> 6 * i & 0x3f));
  }
  return true;
}

std::u32string from_utf8(std::string_view text) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) points += take(text, at);
  return points;
}

}  // namespace engine::tools
