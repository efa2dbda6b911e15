// Options of `engine serve` about model repositories, by Triton's names.
#pragma once

#include "serve/control/model_control.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace engine::tools {

/// Whether only programs of this machine reach an address.
bool is_local(const std::string& address);

struct RepositoryOptions {
  std::vector<std::string> repositories, load_models;
  std::string mode = "none", config_name;
  int poll_secs = 15;
  bool strict_readiness = true, exit_on_error = true, insecure = false;

  /// What a control is made with; models, limits and callbacks are left to who calls.
  serve::ControlOptions control() const;

  /// Throws Error (kInvalidArgument) if whoever reaches this address could load models, and is not
  /// of this machine.
  void check_address(const std::string& address) const;

  /// Whether there is something to serve, now or by request.
  bool is_enough() const { return !repositories.empty() || mode == "explicit"; }
};

/// --model-repository, --model-control-mode, --repository-poll-secs, --load-model,
/// --model-config-name, --strict-readiness, --exit-on-error,
/// --insecure.
void add_repository_options(CLI::App& app, RepositoryOptions& options);

}  // namespace engine::tools
