#include "serve/core/text.h"

#include <cstdio>

namespace engine::serve {

std::string quote(std::string_view name) {
  constexpr std::size_t kMost = 80;
  std::string text = "'";
  for (const char c : name.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", unsigned{byte});
      text += escaped;
    }
  }
  return text + (name.size() > kMost ? "...'" : "'");
}

std::string dims_text(const Shape& shape) {
  std::string text = "[";
  for (const Index extent : shape) text += (text.size() > 1 ? "," : "") + std::to_string(extent);
  return text + "]";
}

std::string names_text(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) text += (text.size() > 1 ? "," : "") + quote(name);
  return text + "]";
}

}  // namespace engine::serve
