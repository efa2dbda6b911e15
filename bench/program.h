// What the benchmark programs have in common: their command lines, and how they fail.
#pragma once

#include "tools/command.h"
#include "tools/options.h"
#include "tools/text/print.h"

#include <functional>
#include <new>
#include <string>

namespace engine::bench {

/// Parses the command line and returns what `action` does. An error is one remark and the exit code
/// for bad input; `smaller` says what to try when there is no memory.
inline int run_program(CLI::App& app, int argc, char** argv, const char* smaller,
                       const std::function<int()>& action) {
  using tools::remark;
  try {
    app.parse(argc, argv);
    return action();
  } catch (const CLI::Success& wish) {  // --help, --version
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    remark(std::string(error.what()) + " ('" + app.get_name() + " --help' explains the options)");
  } catch (const std::bad_alloc&) {
    remark(std::string("out of memory; try ") + smaller);
  } catch (const std::exception& error) {
    remark(error.what());
  }
  return tools::kBadInput;
}

}  // namespace engine::bench
