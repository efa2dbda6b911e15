#include "base/text.h"

#include <cstdint>

namespace engine {
namespace {

// Length of the valid UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if (first == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
  if (first == 0xed && byte(1) > 0x9f) return 0;  // surrogate
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

std::string hex(std::uint8_t byte, const char* prefix) {
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string(prefix) + kDigits[byte >> 4] + kDigits[byte & 15];
}

}  // namespace

// Marks that change the direction of what follows: a message with one may read as another.
static bool turns_text(std::string_view character) {
  if (character.size() != 3) return false;
  return (character.starts_with("\xe2\x80") && character[2] >= '\xaa' && character[2] <= '\xae') ||
         (character.starts_with("\xe2\x81") && character[2] >= '\xa6' && character[2] <= '\xa9');
}

std::string quote(std::string_view name) {
  constexpr std::size_t kLongest = 80;
  std::string text = "'";
  for (std::size_t i = 0; i < name.size();) {
    if (text.size() > kLongest) return text + "...'";
    const std::size_t length = utf8_length(name.substr(i));
    const std::uint8_t byte = static_cast<std::uint8_t>(name[i]);
    if (turns_text(name.substr(i, length))) {
      text += "?";
      i += length;
    } else if (length == 0 || byte < 0x20 || byte == 0x7f) {
      text += hex(byte, "\\x");
      ++i;
    } else {
      text += name.substr(i, length);
      i += length;
    }
  }
  return text + "'";
}

std::string json_escaped(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size();) {
    const std::size_t length = utf8_length(raw.substr(i));
    const char c = raw[i];
    if (length == 0) {
      text += "\xef\xbf\xbd";
      ++i;
    } else if (length == 1) {
      if (c == '"' || c == '\\') (text += '\\') += c;
      else if (c == '\n') text += "\\n";
      else if (static_cast<std::uint8_t>(c) < 0x20)
        text += hex(static_cast<std::uint8_t>(c), "\\u00");
      else text += c;
      ++i;
    } else {
      text += raw.substr(i, length);
      i += length;
    }
  }
  return text;
}

}  // namespace engine
