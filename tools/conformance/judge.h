// One test case: run, compared, judged.
#pragma once

#include "tools/conformance/case.h"

#include <engine/compare.h>
#include <engine/session.h>

#include <string>
#include <vector>

namespace engine::tools {

enum class CaseStatus { kPass, kFail, kUnsupported, kError };

/// "pass", "fail", "unsupported", "error".
const char* to_string(CaseStatus status) noexcept;

struct CaseResult {
  std::string name, path_name;
  CaseStatus status = CaseStatus::kError;
  std::vector<std::string> operators;  ///< those that are not supported
  double max_abs = 0, max_rel = 0;     ///< over all outputs of all data sets
  Index max_ulp = 0;
  std::string message;  ///< why it did not pass
  Placement placement;  ///< of its nodes, if it ran
};

/// Runs all data sets of a case. Types and shapes must be equal; NaN equals NaN; integers, bool and
/// strings must be equal. Never throws: an exception is the result.
CaseResult judge(const TestCase& test_case, const SessionOptions& options,
                 const Tolerance& tolerance);

}  // namespace engine::tools
