// JSON from outside, member by member, with complaints that name the file and the place in it.
#pragma once

#include "base/check.h"
#include "tools/report/json.h"

#include <engine/types.h>

#include <string>
#include <string_view>

namespace engine::tools {

class JsonReader {
 public:
  /// `hint` ends every message: what the file ought to be.
  JsonReader(std::string source, std::string hint);

  /// Throws Error (kInvalidArgument): "<source>: <parts> (<hint>)".
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail(ErrorCode::kInvalidArgument, source_, ": ", parts..., " (", hint_, ")");
  }

  Json parse(std::string_view text) const;

  /// Members of an object that messages call `where`.
  const Json& member(const Json& object, const char* key, const std::string& where) const;
  const Json& list(const Json& object, const char* key, const std::string& where,
                   std::size_t longest) const;
  std::string text(const Json& object, const char* key, const std::string& where) const;
  Index count(const Json& object, const char* key, const std::string& where) const;
  double positive(const Json& object, const char* key, const std::string& where) const;
  /// A value that is already at hand, finite and above 0.
  double positive_value(const Json& value, const char* key, const std::string& where) const;

 private:
  std::string source_, hint_;
};

}  // namespace engine::tools
