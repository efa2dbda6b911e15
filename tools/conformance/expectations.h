// The file that says which cases are known not to pass, and why.
//
// One line a case or a group of cases: NAME STATUS REASON. NAME is a case's name or path and may
// hold * and ?; STATUS is unsupported, fail or error; the first line that matches counts. Empty
// lines and lines that begin with # are skipped.
#pragma once

#include "tools/conformance/judge.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

class Expectations {
 public:
  /// Throws Error (kInvalidArgument) naming file and line.
  static Expectations parse(std::string_view text, const std::string& file);

  /// What the case should be: kPass unless a line says otherwise. Notes that the line was of use.
  CaseStatus expected(const CaseResult& result);

  /// Names of lines that no case matched.
  std::vector<std::string> unused() const;

 private:
  struct Line {
    std::string name;
    CaseStatus status = CaseStatus::kFail;
    bool used = false;
  };
  std::vector<Line> lines_;
};

}  // namespace engine::tools
