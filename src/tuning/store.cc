#include "tuning/store.h"

#include "base/cache_files.h"
#include "base/check.h"
#include "base/json_reader.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

namespace engine::tuning {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "engine tuning 2";
constexpr std::size_t kMostBytes = 1 << 20, kMostEntries = 4096, kLongestLayer = 300,
                      kMostParameters = 16;

// Hardware as a part of a file name.
std::string slug(const ops::Hardware& hardware) {
  constexpr std::size_t kLongest = 80;
  std::string text;
  for (const char c : hardware.device + " " + hardware.driver) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) text += static_cast<char>(std::tolower(byte));
    else if (!text.empty() && text.back() != '-') text += '-';
  }
  text.resize(std::min(text.size(), kLongest));
  return text.substr(0, text.find_last_not_of('-') + 1);
}

void read_choice(JsonReader& json, ops::Choice& choice) {
  json.object([&](const std::string& name) {
    const bool plain = !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
      return std::islower(static_cast<unsigned char>(c)) || c == '_';
    });
    if (!plain) json.refuse(quote(name) + " is no name of a parameter");
    if (choice.size() == kMostParameters) json.refuse("there are too many parameters");
    choice[name] = json.integer();
  });
}

Entry read_entry(JsonReader& json) {
  Entry entry;
  json.object([&](const std::string& key) {
    if (key == "steps") entry.steps = json.integer();
    else if (key == "speedup") entry.speedup = json.number();
    else if (key == "choice") read_choice(json, entry.choice);
    else json.refuse("a layer has no " + quote(key));
  });
  if (entry.speedup <= 0) json.refuse(concat(entry.speedup, " is no ratio of times"));
  return entry;
}

void read_layers(JsonReader& json, Entries& entries) {
  json.object([&](const std::string& layer) {
    if (layer.empty() || layer.size() > kLongestLayer) json.refuse(quote(layer) + " is no layer");
    if (entries.size() == kMostEntries) json.refuse("there are too many layers");
    entries[layer] = read_entry(json);
  });
}

std::string printable(std::string text) {
  for (char& c : text)
    if (!std::isprint(static_cast<unsigned char>(c))) c = '?';
  return text;
}

std::string text_of(const ops::Hardware& hardware) {
  return quote(printable(hardware.device)) +
         (hardware.driver.empty() ? "" : " with driver " + quote(printable(hardware.driver)));
}

// Held while one process reads, merges and replaces a file.
class Lock {
 public:
  explicit Lock(const fs::path& file)
      : descriptor_(open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    ENGINE_REQUIRE(descriptor_.get() >= 0, ErrorCode::kIo, "cannot write ", quote(file.string()),
                   " (", std::strerror(errno), ")");
    while (flock(descriptor_.get(), LOCK_EX) != 0)
      if (errno != EINTR) break;  // a file system without locks: the last writer wins
  }

 private:
  Descriptor descriptor_;
};

}  // namespace

fs::path default_file(const ops::Hardware& hardware) {
  const fs::path folder = cache_folder();
  return folder.empty() ? folder : folder / ("tuning-" + slug(hardware) + ".json");
}

std::string entries_text(const Entries& entries, const ops::Hardware& hardware) {
  std::string text = concat("{\n  \"format\": ", json_text(kFormat),
                            ",\n  \"device\": ", json_text(hardware.device),
                            ",\n  \"driver\": ", json_text(hardware.driver), ",\n  \"layers\": {");
  std::string_view layer_comma;
  for (const auto& [layer, entry] : entries) {
    text +=
        concat(std::exchange(layer_comma, ","), "\n    ", json_text(layer),
               ": {\"steps\": ", entry.steps, ", \"speedup\": ", entry.speedup, ", \"choice\": {");
    std::string_view comma;
    for (const auto& [name, value] : entry.choice)
      text += concat(std::exchange(comma, ", "), json_text(name), ": ", value);
    text += "}}";
  }
  return text + "\n  }\n}\n";
}

StoredEntries parse_entries(const std::string& text, const ops::Hardware& hardware) {
  JsonReader json(text);
  StoredEntries stored;
  std::string format;
  ops::Hardware of;
  json.object([&](const std::string& key) {
    if (key == "format") format = json.text();
    else if (key == "device") of.device = json.text();
    else if (key == "driver") of.driver = json.text();
    else if (key == "layers") read_layers(json, stored.entries);
    else json.refuse("there is no member " + quote(key));
  });
  json.end();
  ENGINE_REQUIRE(format == kFormat, ErrorCode::kInvalidArgument, "its format is ", quote(format),
                 ", not ", quote(kFormat));
  if (of == ops::Hardware{printable(hardware.device), printable(hardware.driver)}) return stored;
  stored.entries.clear();
  stored.foreign = true;
  stored.remark = concat("it is for ", text_of(of), ", this is ", text_of(hardware));
  return stored;
}

StoredEntries load_entries(const fs::path& file, const ops::Hardware& hardware) {
  StoredEntries stored;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    stored.missing = true;
    return stored;
  }
  std::string problem;
  if (const auto text = read_file(file, kMostBytes, problem)) try {
      stored = parse_entries(*text, hardware);
      problem = stored.remark;
    } catch (const Error& error) {
      problem = error.what();
    }
  if (!problem.empty())
    stored.remark = concat("tuning file ", quote(file.string()), " is not used (", problem,
                           "); 'engine tune' makes a new one");
  return stored;
}

void save_entries(const fs::path& file, const ops::Hardware& hardware, const Entries& entries) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  const Lock lock(file);
  StoredEntries stored = load_entries(file, hardware);
  ENGINE_REQUIRE(!stored.foreign, ErrorCode::kInvalidArgument, stored.remark);
  ENGINE_REQUIRE(stored.missing || fs::is_regular_file(file, error), ErrorCode::kIo,
                 "cannot write ", quote(file.string()), " (it is no regular file)");
  for (const auto& [layer, entry] : entries) stored.entries[layer] = entry;
  replace_file(file, entries_text(stored.entries, hardware));
}

ops::TuningTable table_of(const Entries& entries) {
  ops::TuningTable table;
  for (const auto& [layer, entry] : entries)
    if (!entry.choice.empty()) table[layer] = entry.choice;
  return table;
}

}  // namespace engine::tuning
