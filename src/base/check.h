// Building errors: `fail` throws, ENGINE_VALIDATE checks what a user can get wrong (always),
// ENGINE_EXPECT what only we can (debug builds).
#pragma once

#include <engine/error.h>

#include <cassert>
#include <sstream>
#include <string>

namespace engine {

/// All parts, one after another, as operator<< prints them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

/// Throws Error with the parts as its message: "<what is wrong> (<why that is wrong>) <what to
/// try>".
template <class... Parts>
[[noreturn]] void fail(ErrorCode code, const Parts&... parts) {
  throw Error(code, concat(parts...));
}

}  // namespace engine

#define ENGINE_VALIDATE(condition, ...)                                \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::engine::fail(::engine::ErrorCode::kInvalidModel, __VA_ARGS__); \
  } while (0)

#define ENGINE_REQUIRE(condition, code, ...) \
  do {                                       \
    if (!(condition)) [[unlikely]]           \
      ::engine::fail(code, __VA_ARGS__);     \
  } while (0)

#define ENGINE_EXPECT(condition) assert(condition)
