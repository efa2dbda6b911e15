#include "tuning/store.h"

#include "base/cache_files.h"
#include "base/check.h"
#include "base/cpu_features.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <sstream>

namespace engine::tuning {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "engine tuning 1", kCpu = "cpu ";
constexpr std::size_t kMostBytes = 1 << 20, kMostEntries = 4096, kLongestLayer = 300,
                      kMostParameters = 16;

const std::string& this_cpu() {
  static const std::string model = [] {
    std::string text = cpu_info().model;
    for (char& c : text)
      if (!std::isprint(static_cast<unsigned char>(c))) c = '?';
    return text.empty() ? std::string("unknown") : text;
  }();
  return model;
}

// The model of a CPU as a part of a file name.
std::string slug(const std::string& model) {
  constexpr std::size_t kLongest = 80;
  std::string text;
  for (const char c : model) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) text += static_cast<char>(std::tolower(byte));
    else if (!text.empty() && text.back() != '-') text += '-';
  }
  return text.substr(0, kLongest);
}

template <class Number>
Number number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  ENGINE_REQUIRE(error == std::errc() && at == end, ErrorCode::kInvalidArgument,
                 quote(std::string(text)), " is no number");
  return value;
}

// The text before `separator`, which is taken away with it.
std::string_view take_part(std::string_view& text, std::string_view separator) {
  const std::size_t at = text.find(separator);
  ENGINE_REQUIRE(at != text.npos, ErrorCode::kInvalidArgument, quote(separator), " is missing");
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + separator.size());
  return part;
}

void add_parameter(std::string_view text, ops::Choice& choice) {
  const std::string_view name = take_part(text, "=");
  bool plain = !name.empty() && name.size() <= 32;
  for (const char c : name)
    plain = plain && (std::islower(static_cast<unsigned char>(c)) || c == '_');
  ENGINE_REQUIRE(plain, ErrorCode::kInvalidArgument, quote(name), " is no name of a parameter");
  ENGINE_REQUIRE(choice.size() < kMostParameters, ErrorCode::kInvalidArgument,
                 "there are too many parameters");
  choice[std::string(name)] = number<Index>(text);
}

// LAYER | STEPS SPEEDUP [NAME=VALUE]...
void add_entry(std::string_view line, Entries& entries) {
  const std::string_view layer = take_part(line, " | ");
  bool plain = !layer.empty() && layer.size() <= kLongestLayer;
  for (const char c : layer) plain = plain && std::isprint(static_cast<unsigned char>(c));
  ENGINE_REQUIRE(plain, ErrorCode::kInvalidArgument, quote(layer), " is no layer");
  ENGINE_REQUIRE(entries.size() < kMostEntries, ErrorCode::kInvalidArgument,
                 "there are too many layers");
  Entry entry;
  entry.steps = number<Index>(take_part(line, " "));
  std::istringstream words{std::string(line)};
  std::string word;
  words >> word;
  entry.speedup = number<double>(word);
  ENGINE_REQUIRE(std::isfinite(entry.speedup) && entry.speedup > 0, ErrorCode::kInvalidArgument,
                 quote(word), " is no ratio of times");
  while (words >> word) add_parameter(word, entry.choice);
  entries[std::string(layer)] = std::move(entry);
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

fs::path default_file() {
  const fs::path folder = cache_folder();
  return folder.empty() ? folder : folder / ("tuning-" + slug(this_cpu()) + ".txt");
}

std::string entries_text(const Entries& entries, const std::string& cpu) {
  std::string text = concat(kMagic, "\n", kCpu, cpu, "\n");
  for (const auto& [layer, entry] : entries) {
    text += concat(layer, " | ", entry.steps, " ", entry.speedup);
    for (const auto& [name, value] : entry.choice) text += concat(" ", name, "=", value);
    text += "\n";
  }
  return text;
}

StoredEntries parse_entries(const std::string& text, const std::string& cpu) {
  StoredEntries stored;
  std::istringstream lines(text);
  std::string line;
  ENGINE_REQUIRE(std::getline(lines, line) && line == kMagic, ErrorCode::kInvalidArgument,
                 "its first line is not '", kMagic, "'");
  ENGINE_REQUIRE(std::getline(lines, line) && line.starts_with(kCpu), ErrorCode::kInvalidArgument,
                 "its second line does not name a CPU");
  if (line.substr(kCpu.size()) != cpu) {
    stored.foreign = true;
    stored.remark =
        concat("it is for ", quote(line.substr(kCpu.size())), ", this CPU is ", quote(cpu));
    return stored;
  }
  for (int at = 3; std::getline(lines, line); ++at) try {
      add_entry(line, stored.entries);
    } catch (const Error& error) {
      fail(ErrorCode::kInvalidArgument, "line ", at, ": ", error.what());
    }
  return stored;
}

StoredEntries load_entries(const fs::path& file) {
  StoredEntries stored;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    stored.missing = true;
    return stored;
  }
  std::string problem;
  if (const auto text = read_file(file, kMostBytes, problem)) try {
      stored = parse_entries(*text, this_cpu());
      problem = stored.remark;
    } catch (const Error& error) {
      problem = error.what();
    }
  if (!problem.empty())
    stored.remark = concat("tuning file ", quote(file.string()), " is not used (", problem,
                           "); 'engine tune' makes a new one");
  return stored;
}

void save_entries(const fs::path& file, const Entries& entries) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  const Lock lock(file);
  StoredEntries stored = load_entries(file);
  ENGINE_REQUIRE(!stored.foreign, ErrorCode::kInvalidArgument, stored.remark);
  ENGINE_REQUIRE(stored.missing || fs::is_regular_file(file, error), ErrorCode::kIo,
                 "cannot write ", quote(file.string()), " (it is no regular file)");
  for (const auto& [layer, entry] : entries) stored.entries[layer] = entry;
  replace_file(file, entries_text(stored.entries, this_cpu()));
}

ops::TuningTable table_of(const Entries& entries) {
  ops::TuningTable table;
  for (const auto& [layer, entry] : entries)
    if (!entry.choice.empty()) table[layer] = entry.choice;
  return table;
}

}  // namespace engine::tuning
