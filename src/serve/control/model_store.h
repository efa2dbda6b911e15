// Model repositories on disk: a folder for each model, with a folder for each version in it.
#pragma once

#include "serve/core/model_files.h"
#include "serve/proto/model_config.pb.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::serve {

/// Letters, digits, '_', '.' and '-', at most 128, of which the first is none of the last two.
bool is_model_name(std::string_view name);

/// Reads what is there at each call. Thread-safe.
class ModelStore {
 public:
  /// `config_name`: with it, configs/NAME.pbtxt of a model takes the place of its config.pbtxt, if
  /// it is there. Throws Error (kInvalidArgument) if a repository is no folder, or that is no name.
  ModelStore(std::vector<std::filesystem::path> repositories, std::string config_name);

  /// The folders that have names of models, sorted, each once.
  std::vector<std::string> names() const;

  /// The folder of a model; null if there is none. Throws Error (kInvalidArgument) if there are
  /// several, or if it is a link that leaves the repository.
  std::shared_ptr<const ModelFiles> find(const std::string& name) const;

  /// The configuration of a model, checked; empty if it has none. Throws Error.
  inference::ModelConfig config(const std::string& name, const ModelFiles& files) const;

 private:
  const std::vector<std::filesystem::path> repositories_;
  const std::string config_name_;
};

/// A configuration, checked, that is called `file` in messages and must be of model `name`, or name
/// none. Throws Error.
inference::ModelConfig config_of(std::string_view text, std::string_view file,
                                 const std::string& name);

/// The versions that the policy chooses of those that have a folder; one that is chosen by its
/// number and not there is left out. Throws Error (kInvalidArgument) if none is left.
std::vector<Index> chosen_versions(const inference::ModelConfig& config, const ModelFiles& files);

}  // namespace engine::serve
