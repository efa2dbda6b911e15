// How a ModelControl works.
#pragma once

#include "serve/core/served_model.h"

#include <chrono>
#include <functional>

namespace engine::serve {

enum class ControlMode {
  kNone,     ///< what is there at the start
  kPoll,     ///< what is there, looked for again and again
  kExplicit  ///< what is asked for
};

struct ControlOptions {
  std::vector<std::filesystem::path> repositories = {};
  std::string config_name = {};          ///< ModelStore's
  std::vector<ModelSource> models = {};  ///< beside the repositories', loaded at the start
  ControlMode mode = ControlMode::kNone;
  std::vector<std::string> load_models = {};  ///< at the start, if explicit; "*": all
  std::chrono::seconds poll_interval{15};
  SessionOptions session = {};            ///< that configurations complete
  BatchLimits limits = default_limits();  ///< that configurations complete
  bool strict_readiness = true;           ///< ready only if all models that must serve do
  /// Told of each version that is ready, and of each failure; from any thread.
  std::function<void(const ServedModel&)> on_loaded = {};
  std::function<void(const std::string& name, const std::string& reason)> on_failed = {};
};

}  // namespace engine::serve
