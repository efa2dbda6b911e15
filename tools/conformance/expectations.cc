#include "tools/conformance/expectations.h"

#include "base/check.h"
#include "base/text.h"

#include <fnmatch.h>

#include <sstream>

namespace engine::tools {
namespace {

CaseStatus status_of(const std::string& word, const std::string& file, Index line) {
  for (const CaseStatus status : {CaseStatus::kUnsupported, CaseStatus::kFail, CaseStatus::kError})
    if (word == to_string(status)) return status;
  fail(ErrorCode::kInvalidArgument, quote(file), " line ", line, ": ", quote(word),
       " is none of unsupported, fail, error");
}

}  // namespace

Expectations Expectations::parse(std::string_view text, const std::string& file) {
  Expectations expectations;
  std::istringstream in{std::string(text)};
  Index number = 0;
  for (std::string row; std::getline(in, row);) {
    ++number;
    std::istringstream words(row);
    std::string name, status, reason;
    if (!(words >> name) || name.starts_with('#')) continue;
    words >> status;
    const CaseStatus expected = status_of(status, file, number);
    ENGINE_REQUIRE(words >> reason, ErrorCode::kInvalidArgument, quote(file), " line ", number,
                   " gives no reason");
    expectations.lines_.push_back({name, expected});
  }
  return expectations;
}

CaseStatus Expectations::expected(const CaseResult& result) {
  const std::string folder = result.path_name.substr(result.path_name.rfind('/') + 1);
  for (Line& line : lines_)
    for (const std::string& name : {result.name, result.path_name, folder})
      if (fnmatch(line.name.c_str(), name.c_str(), 0) == 0) {
        line.used = true;
        return line.status;
      }
  return CaseStatus::kPass;
}

std::vector<std::string> Expectations::unused() const {
  std::vector<std::string> names;
  for (const Line& line : lines_)
    if (!line.used) names.push_back(line.name);
  return names;
}

}  // namespace engine::tools
