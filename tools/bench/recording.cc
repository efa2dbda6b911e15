#include "tools/bench/recording.h"

#include "tools/io/file.h"
#include "tools/report/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace engine::tools {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr std::size_t kMostEntries = 200'000, kMostRounds = 100'000;

constexpr const char* kHint = "it must be what 'engine bench --json' or the kernel benchmark wrote";

std::vector<double> rounds_of(const JsonReader& reader, const Json& object,
                              const std::string& where) {
  const Json& list = reader.list(object, "rounds_ns", where, kMostRounds);
  if (list.empty()) reader.refuse("'rounds_ns' of ", where, " is empty");
  std::vector<double> values;
  for (const Json& value : list) values.push_back(reader.positive_value(value, "rounds_ns", where));
  return values;
}

void add_entries(const JsonReader& reader, const Json& list, const char* what,
                 Recording& recording) {
  std::map<std::string, int> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = concat(what, " ", i);
    RecordedEntry entry{reader.text(list[i], "name", where), rounds_of(reader, list[i], where)};
    if (const int times = ++seen[entry.name]; times > 1) entry.name += concat(" #", times);
    recording.entries.push_back(std::move(entry));
  }
}

}  // namespace

Recording parse_recording(std::string_view text, const std::string& source) {
  const JsonReader reader(source, kHint);
  const Json report = reader.parse(text);
  const std::string where = "the report";
  Recording recording;
  recording.device = reader.text(report, "device", where);
  recording.batch = reader.count(report, "batch", where);
  const Index threads = reader.count(report, "threads", where);
  recording.threads = static_cast<int>(std::min<Index>(threads, std::numeric_limits<int>::max()));
  recording.peak_flops = reader.positive(reader.member(report, "peak", where), "flops", "'peak'");
  if (report.contains("kernels")) {
    recording.subject = "kernels";
    add_entries(reader, reader.list(report, "kernels", where, kMostEntries), "kernel", recording);
    return recording;
  }
  recording.subject = reader.text(report, "model", where);
  recording.entries.push_back({"whole run", rounds_of(reader, report, where)});
  add_entries(reader, reader.list(report, "nodes", where, kMostEntries), "node", recording);
  return recording;
}

Recording read_recording(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file, kMostBytes);
  return parse_recording({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                         file.string());
}

Json to_json(const tuning::MachinePeak& peak) {
  Json levels = Json::array();
  for (const tuning::Level& level : peak.levels) {
    Json entry = {{"name", level.name}, {"bytes", nullptr}, {"bytes_per_s", level.bytes_per_s}};
    if (std::isfinite(level.bytes)) entry["bytes"] = level.bytes;
    levels.push_back(std::move(entry));
  }
  return {{"flops", peak.flops}, {"levels", levels}};
}

}  // namespace engine::tools
