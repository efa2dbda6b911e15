#include "base/json_reader.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace engine {
namespace {

bool is_printable(char c) { return std::isprint(static_cast<unsigned char>(c)) != 0; }

}  // namespace

void JsonReader::refuse(const std::string& why) const {
  const std::string_view read = text_.substr(0, text_.size() - rest_.size());
  fail(ErrorCode::kInvalidArgument, "line ", 1 + std::ranges::count(read, '\n'), ": ", why);
}

void JsonReader::skip_blanks() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
}

bool JsonReader::take(char c) {
  skip_blanks();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

void JsonReader::expect(char c) {
  if (!take(c)) refuse(concat("'", c, "' is missing"));
}

void JsonReader::object(const std::function<void(const std::string& key)>& member) {
  expect('{');
  if (take('}')) return;
  do {
    const std::string key = text();
    expect(':');
    member(key);
  } while (take(','));
  expect('}');
}

void JsonReader::array(const std::function<void()>& element) {
  expect('[');
  if (take(']')) return;
  do element();
  while (take(','));
  expect(']');
}

char JsonReader::escaped() {
  constexpr std::string_view kPlain = "\"\\/";
  if (rest_.empty() || kPlain.find(rest_.front()) == kPlain.npos)
    refuse("a text has an escape other than \\\", \\\\ and \\/");
  return rest_.front();
}

std::string JsonReader::text() {
  constexpr std::size_t kLongest = 1000;
  expect('"');
  std::string text;
  while (!rest_.starts_with('"')) {
    const bool escape = rest_.starts_with('\\');
    if (escape) rest_.remove_prefix(1);
    if (rest_.empty()) refuse("a text has no end");
    if (!is_printable(rest_.front())) refuse("a text has a byte that cannot be printed");
    if (text.size() == kLongest) refuse(concat("a text is longer than ", kLongest));
    text += escape ? escaped() : rest_.front();
    rest_.remove_prefix(1);
  }
  rest_.remove_prefix(1);
  return text;
}

std::string_view JsonReader::word() {
  skip_blanks();
  const std::string_view word = rest_.substr(0, rest_.find_first_of(",}] \t\r\n"));
  rest_.remove_prefix(word.size());
  return word;
}

Index JsonReader::integer() {
  const std::string_view digits = word();
  Index value = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || at != digits.data() + digits.size())
    refuse(concat(quote(std::string(digits)), " is no integer of 64 bits"));
  return value;
}

double JsonReader::number() {
  const std::string_view digits = word();
  double value = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || at != digits.data() + digits.size() || !std::isfinite(value))
    refuse(concat(quote(std::string(digits)), " is no finite number"));
  return value;
}

void JsonReader::end() {
  skip_blanks();
  if (!rest_.empty()) refuse("something follows the end");
}

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += is_printable(c) ? c : '?';
  }
  return result + "\"";
}

}  // namespace engine
