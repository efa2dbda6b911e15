#include "serve/config/config_text.h"

#include <engine/error.h>

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <string>

namespace engine::serve {
namespace {

namespace pb = google::protobuf;

constexpr int kMostNested = 32;  // ModelConfig itself nests 6 deep

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

// Messages of the parser repeat names from the text.
std::string printable(const std::string& text) {
  constexpr std::size_t kMost = 300;
  std::string safe;
  for (const char c : text.substr(0, kMost)) safe += c >= 0x20 && c < 0x7f ? c : '?';
  return safe;
}

// Keeps the first error: those behind it may follow from it.
class FirstError : public pb::io::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (!text.empty()) return;
    text = std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + printable(message);
  }
  std::string text;
};

void parse_text(std::string_view text, std::string_view file, inference::ModelConfig& config) {
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(kMostNested);
  if (!parser.ParseFromString(std::string(text), &config) || !error.text.empty())
    invalid(std::string(file) + ":" + error.text);
}

// protobuf's reader recurses for each bracket, also in fields that it then refuses.
void check_nesting(std::string_view json, std::string_view file) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') ++i;
    else if (c == '"') in_string = !in_string;
    else if (!in_string && (c == '{' || c == '[')) ++depth;
    else if (!in_string && (c == '}' || c == ']')) --depth;
    if (depth > kMostNested)
      invalid(std::string(file) + " nests deeper than " + std::to_string(kMostNested));
  }
}

void parse_json(std::string_view text, std::string_view file, inference::ModelConfig& config) {
  check_nesting(text, file);
  const auto status =
      pb::util::JsonStringToMessage(pb::StringPiece(text.data(), text.size()), &config);
  if (!status.ok())
    invalid(std::string(file) +
            " is no JSON of a ModelConfig: " + printable(std::string(status.message())));
}

// Clients could not read a configuration with other bytes in it.
void check_utf8(const inference::ModelConfig& config, std::string_view file) {
  const pb::LogSilencer silence;
  inference::ModelConfig copy;
  if (!copy.ParseFromString(config.SerializeAsString()))
    invalid(std::string(file) + " has a string that is no UTF-8");
}

}  // namespace

inference::ModelConfig parse_config(std::string_view text, std::string_view file) {
  if (text.size() > kMostConfigBytes)
    invalid(std::string(file) + " has " + std::to_string(text.size()) + " bytes (at most " +
            std::to_string(kMostConfigBytes) + ")");
  inference::ModelConfig config;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && text[first] == '{') parse_json(text, file, config);
  else parse_text(text, file, config);
  check_utf8(config, file);
  return config;
}

}  // namespace engine::serve
