// JSON of a known form, read member by member from text that may hold anything.
#pragma once

#include <engine/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace engine {

/// Reads what the caller expects next; what else it finds is an Error (kInvalidArgument) with the
/// line. Keeps a view of the text. Nesting is as deep as the caller's own calls.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text), rest_(text) {}

  /// An object: `member` is called with each key, and reads the value.
  void object(const std::function<void(const std::string& key)>& member);
  /// An array: `element` is called for each element, and reads it.
  void array(const std::function<void()>& element);
  /// Without escapes beyond ASCII, and at most 1000 bytes long.
  std::string text();
  Index integer();
  /// Finite.
  double number();
  /// Nothing but blanks may follow.
  void end();

  /// Throws Error (kInvalidArgument): "line 7: <parts>".
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  void skip_blanks();
  bool take(char c);
  void expect(char c);
  char escaped();
  std::string_view word();

  std::string_view text_, rest_;
};

/// As a string of JSON, with its quotes. Bytes that are no printable ASCII become '?'.
std::string json_text(std::string_view text);

}  // namespace engine
