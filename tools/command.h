// What a subcommand is: options on a CLI::App, and one function that does the work.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace engine::tools {

/// Exit codes of the command.
inline constexpr int kGood = 0, kFailed = 1, kBadInput = 2;

/// Does the work and returns an exit code. Throws Error for bad usage and bad input.
using Action = std::function<int()>;

/// Each adds one subcommand to `app`, which sets `action` if it is the one that was called.
void add_run(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_conformance(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_tune(CLI::App& app, Action& action);
void add_opencl_build(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);  // where the service is built
void add_devices(CLI::App& app, Action& action);
void add_completion(CLI::App& app, Action& action);

}  // namespace engine::tools
