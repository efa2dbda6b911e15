// Options of Triton's command that mean nothing here.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace engine::tools {

/// Takes options that tritonserver knows and `app` does not, with their value, in both forms
/// `--name=value` and `--name value`, and notes the names of those that are given. Those of TLS are
/// not among them: a server that was to encrypt must not start without. To be called when `app` has
/// its own options.
void ignore_triton_options(CLI::App& app, std::vector<std::string>& given);

}  // namespace engine::tools
