// The published list of where cases ran: on the device alone, or with nodes on the host.
//
// CSV with a header: case,place,operators. `case` is its name (TestCase);
// `place` is device, host (`operators` has no kernel on the device, separated by spaces), either of
// them with "by node" where shapes depend on values, so that nodes run one by one with transfers
// around each, or - (the case did not pass).
#pragma once

#include "tools/conformance/judge.h"

#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// Whether a case passed without a node on the host.
bool ran_on_device(const CaseResult& result) noexcept;

/// The list, sorted by case.
std::string placements_text(const std::vector<CaseResult>& results);

/// Names of the cases that the list has on the device and that did not run so now; those that were
/// not judged are passed over. Throws Error (kInvalidArgument) naming file and line.
std::vector<std::string> lost_placements(std::string_view list, const std::string& file,
                                         const std::vector<CaseResult>& results);

}  // namespace engine::tools
