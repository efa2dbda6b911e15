// Output of the command.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace engine::tools {

/// Writes to standard output. A reader that has gone away is no error here; `main` looks at the end
/// whether everything got out.
inline void print_text(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  print_text(fmt::format(format, std::forward<Args>(args)...));
}

/// A remark for people on standard error, "engine: ...".
inline void remark(std::string_view text) {
  const std::string line = "engine: " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace engine::tools
