#include "tools/report/json_reader.h"

#include <cmath>

namespace engine::tools {
namespace {

// A value inside a message.
std::string shown(const Json& value) {
  if (value.is_structured()) return value.is_object() ? "an object" : "a list";
  return value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 40);
}

}  // namespace

JsonReader::JsonReader(std::string source, std::string hint)
    : source_(std::move(source)), hint_(std::move(hint)) {}

Json JsonReader::parse(std::string_view text) const {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) refuse("no JSON");
  return json;
}

const Json& JsonReader::member(const Json& object, const char* key,
                               const std::string& where) const {
  if (!object.is_object()) refuse(where, " is no object");
  const auto found = object.find(key);
  if (found == object.end()) refuse(where, " has no '", key, "'");
  return *found;
}

const Json& JsonReader::list(const Json& object, const char* key, const std::string& where,
                             std::size_t longest) const {
  const Json& value = member(object, key, where);
  if (!value.is_array()) refuse("'", key, "' of ", where, " is no list");
  if (value.size() > longest)
    refuse("'", key, "' of ", where, " has ", value.size(), " entries, more than ", longest);
  return value;
}

std::string JsonReader::text(const Json& object, const char* key, const std::string& where) const {
  const Json& value = member(object, key, where);
  if (!value.is_string()) refuse("'", key, "' of ", where, " is no text");
  return value.get<std::string>();
}

Index JsonReader::count(const Json& object, const char* key, const std::string& where) const {
  const Json& value = member(object, key, where);
  constexpr double kMost = 1e15;
  const double number = value.is_number() ? value.get<double>() : 0;
  if (!(number >= 1) || number > kMost || number != std::floor(number))
    refuse("'", key, "' of ", where, " is no whole number above 0");
  return static_cast<Index>(number);
}

double JsonReader::positive(const Json& object, const char* key, const std::string& where) const {
  return positive_value(member(object, key, where), key, where);
}

double JsonReader::positive_value(const Json& value, const char* key,
                                  const std::string& where) const {
  const double number = value.is_number() ? value.get<double>() : 0;
  if (!(number > 0) || !std::isfinite(number))
    refuse("'", key, "' of ", where, " holds ", shown(value), ", no number above 0");
  return number;
}

}  // namespace engine::tools
