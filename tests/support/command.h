// Calling the built command as a user would.
#pragma once

#include <string>

namespace engine::tools {

struct Outcome {
  int code = -1;  ///< exit code; -1 if a signal ended it
  std::string out, err;
};

/// Runs a line of shell in an empty folder of the test's own. `engine` is the built command,
/// $MODELS the folder models/ of the project.
Outcome shell(const std::string& line);

}  // namespace engine::tools
