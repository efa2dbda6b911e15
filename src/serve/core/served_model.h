// One version of a model that is served.
#pragma once

#include "serve/core/batcher.h"
#include "serve/core/model_files.h"

#include <engine/session.h>

#include <filesystem>
#include <memory>
#include <string>

namespace inference {
class ModelConfig;
}

namespace engine::serve {

/// Batches of up to 64 rows as they come, larger requests alone: nothing waits to be joined.
BatchLimits default_limits();

/// Names of classes by output.
using Labels = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Where a model comes from and how it is served.
struct ModelSource {
  std::filesystem::path file;  ///< of `files`, where those are given: "1/model.onnx"
  std::string name;
  Index version = 1;
  SessionOptions session = {};
  BatchLimits limits = default_limits();
  bool must_batch = false;  ///< a model without a batch axis is an error; else it runs unbatched
  /// A checked configuration (`check_config`), which `session` and `limits` complete; null: none.
  std::shared_ptr<const inference::ModelConfig> config = {};
  std::shared_ptr<const ModelFiles> files = {};
};

/// A loaded model with its session and batcher. Immutable but for its statistics.
class ServedModel {
 public:
  /// Loads, compiles and starts. Throws Error as Model::load and Session do, and
  /// (kInvalidArgument) if the configuration does not fit the model: also if it is to batch and has
  /// no batch axis.
  ServedModel(const ModelSource& source, std::shared_ptr<MemoryBudget> memory);

  const std::string& name() const noexcept { return name_; }
  Index version() const noexcept { return version_; }
  /// Of the file's bytes when it was loaded, in hexadecimal.
  const std::string& sha256() const noexcept { return sha256_; }
  const Model& model() const noexcept { return session_.model(); }
  const Session& session() const noexcept { return session_; }
  /// The configuration that clients see: the source's, with what it leaves out filled in.
  const inference::ModelConfig& config() const noexcept { return *config_; }
  /// Names of the classes of an output, from its label_filename; empty if it has none.
  const std::vector<std::string>& labels(std::string_view output) const noexcept;
  /// Inputs and outputs as clients see them.
  const ServedTensors& tensors() const noexcept { return batcher_.tensors(); }
  const BatchLimits& limits() const noexcept { return batcher_.limits(); }
  Batcher& batcher() noexcept { return batcher_; }

 private:
  struct Parts;
  static Parts prepare(const ModelSource& source);
  ServedModel(Parts parts, std::shared_ptr<MemoryBudget> memory);

  std::string name_;
  Index version_;
  std::string sha256_;
  std::shared_ptr<const inference::ModelConfig> config_;
  Labels labels_;
  Session session_;
  Batcher batcher_;
};

}  // namespace engine::serve
