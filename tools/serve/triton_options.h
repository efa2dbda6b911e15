// Options of Triton's command that mean nothing here.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace engine::tools {

/// Takes options that tritonserver knows and `app` does not, with their value, in both forms
/// `--name=value` and `--name value`, and notes the names of those that are given. Options that
/// would make the server safer, such as those of TLS, are not among them: leaving them out must not
/// go unnoticed. To be called when `app` has its own options.
void ignore_triton_options(CLI::App& app, std::vector<std::string>& given);

}  // namespace engine::tools
