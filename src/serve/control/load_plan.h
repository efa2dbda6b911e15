// What is to be loaded under a model's name.
#pragma once

#include "serve/control/control_options.h"
#include "serve/control/model_store.h"

#include <optional>

namespace engine::serve {

/// What a request to load a model may bring.
struct LoadRequest {
  std::optional<std::string> config = {};  ///< in place of config.pbtxt: JSON, or protobuf's text
  /// Contents by "VERSION/NAME" or "NAME", in place of the model's folder; only with a
  /// configuration. They are not kept: a later load without files reads the folder again.
  std::map<std::string, std::string> files = {};
};

struct LoadPlan {
  std::string name;
  ModelSource like;             ///< but for version and file
  std::vector<Index> versions;  ///< rising
  std::string file_name;        ///< in a version's folder

  ModelSource source(Index version) const;
  /// ModelFiles's; empty for a file of the command line.
  std::string stamp(Index version) const;
};

/// The model's command-line file or folder, with the configuration and files of the request in the
/// place of its own. Throws Error: kNotFound if there is no such model, and what is wrong with its
/// folder or its configuration.
LoadPlan plan_load(const std::string& name, const LoadRequest& request,
                   const ControlOptions& options, const ModelStore& store);

inline constexpr const char* kNoSuchModel = "no model repository has a model of this name";

}  // namespace engine::serve
