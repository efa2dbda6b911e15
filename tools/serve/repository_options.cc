#include "tools/serve/repository_options.h"

#include "base/check.h"
#include "base/text.h"

namespace engine::tools {

serve::ControlOptions RepositoryOptions::control() const {
  serve::ControlOptions options;
  options.repositories.assign(repositories.begin(), repositories.end());
  options.config_name = config_name;
  options.mode = mode == "poll"       ? serve::ControlMode::kPoll
                 : mode == "explicit" ? serve::ControlMode::kExplicit
                                      : serve::ControlMode::kNone;
  if (!load_models.empty() && options.mode != serve::ControlMode::kExplicit)
    fail(ErrorCode::kInvalidArgument, "--load-model needs --model-control-mode=explicit");
  options.load_models = load_models;
  options.poll_interval = std::chrono::seconds(poll_secs);
  options.strict_readiness = strict_readiness;
  return options;
}

bool is_local(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost" ||
         address.starts_with("unix:");
}

void RepositoryOptions::check_address(const std::string& address) const {
  if (mode != "explicit" || is_local(address) || insecure) return;
  fail(ErrorCode::kInvalidArgument, "whoever reaches ", quote(address),
       " could load models (--model-control-mode=explicit asks for no token); listen at 127.0.0.1, "
       "or say --insecure");
}

void add_repository_options(CLI::App& app, RepositoryOptions& options) {
  app.add_option("--model-repository,--model-store", options.repositories,
                 "folder of models, each MODEL/VERSION/model.onnx and perhaps MODEL/config.pbtxt")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--model-control-mode", options.mode,
                 "none: the repositories' models; poll: also what changes there; explicit: what "
                 "requests load and unload")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "poll", "explicit"}));
  app.add_option("--repository-poll-secs", options.poll_secs, "seconds between looks, if polling")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  app.add_option("--load-model", options.load_models,
                 "model that is loaded at the start, if explicit; '*': all")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--model-config-name", options.config_name,
                 "MODEL/configs/NAME.pbtxt takes the place of config.pbtxt")
      ->type_name("NAME");
  app.add_option("--strict-readiness", options.strict_readiness,
                 "ready only if all models of the start serve")
      ->default_str("true");
  app.add_flag("--insecure", options.insecure,
               "let other machines load models without a token, if explicit");
  app.add_option("--exit-on-error", options.exit_on_error,
                 "end if a model of the start cannot be loaded")
      ->default_str("true");
}

}  // namespace engine::tools
