#include "tools/conformance/placements.h"

#include "base/check.h"
#include "base/text.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace engine::tools {
namespace {

constexpr std::string_view kHeader = "case,place,operators";

const char* place_of(const CaseResult& result) {
  if (result.status != CaseStatus::kPass) return "-";
  if (result.placement.interpreted)
    return result.placement.on_host ? "host by node" : "device by node";
  return result.placement.on_host ? "host" : "device";
}

const std::vector<std::string> kPlaces = {"device", "device by node", "host", "host by node", "-"};

}  // namespace

bool ran_on_device(const CaseResult& result) noexcept {
  return result.status == CaseStatus::kPass && result.placement.on_device();
}

std::string placements_text(const std::vector<CaseResult>& results) {
  std::map<std::string, const CaseResult*> sorted;
  for (const CaseResult& result : results) sorted[result.name] = &result;
  std::string text = concat(kHeader, "\n");
  for (const auto& [name, result] : sorted) {
    const bool passed = result->status == CaseStatus::kPass;
    text += concat(name, ",", place_of(*result), ",",
                   passed ? join(result->placement.operators, " ") : std::string(), "\n");
  }
  return text;
}

std::vector<std::string> lost_placements(std::string_view list, const std::string& file,
                                         const std::vector<CaseResult>& results) {
  std::map<std::string, const CaseResult*> judged;
  for (const CaseResult& result : results) judged[result.name] = &result;
  std::istringstream in{std::string(list)};
  std::string row;
  std::getline(in, row);
  ENGINE_REQUIRE(row == kHeader, ErrorCode::kInvalidArgument, quote(file), " begins with ",
                 quote(row), " instead of ", kHeader,
                 "; 'engine conformance --placements' writes it");
  std::vector<std::string> lost;
  for (Index line = 2; std::getline(in, row); ++line) {
    const std::size_t first = row.find(','), second = row.find(',', first + 1);
    ENGINE_REQUIRE(second != std::string::npos, ErrorCode::kInvalidArgument, quote(file), " line ",
                   line, " has no three fields: ", quote(row));
    const std::string name = row.substr(0, first),
                      place = row.substr(first + 1, second - first - 1);
    ENGINE_REQUIRE(std::ranges::find(kPlaces, place) != kPlaces.end(), ErrorCode::kInvalidArgument,
                   quote(file), " line ", line, ": ", quote(place), " is none of ",
                   join(kPlaces, ", "));
    const auto it = judged.find(name);
    if (place.starts_with("device") && it != judged.end() && !ran_on_device(*it->second))
      lost.push_back(name);
  }
  return lost;
}

}  // namespace engine::tools
