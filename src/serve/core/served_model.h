// One version of a model that is served.
#pragma once

#include "serve/core/batcher.h"

#include <engine/session.h>

#include <filesystem>
#include <string>

namespace engine::serve {

/// Batches of up to 64 rows as they come, larger requests alone: nothing waits to be joined.
BatchLimits default_limits();

/// Where a model comes from and how it is served.
struct ModelSource {
  std::filesystem::path file;
  std::string name;
  Index version = 1;
  SessionOptions session = {};
  BatchLimits limits = default_limits();
  bool must_batch = false;  ///< a model without a batch axis is an error; else it runs unbatched
};

/// A loaded model with its session and batcher. Immutable but for its statistics.
class ServedModel {
 public:
  /// Loads, compiles and starts. Throws Error as Model::load and Session do, and
  /// (kInvalidArgument) if it must batch and has no batch axis.
  ServedModel(const ModelSource& source, std::shared_ptr<MemoryBudget> memory);

  const std::string& name() const noexcept { return name_; }
  Index version() const noexcept { return version_; }
  /// Of the file's bytes when it was loaded, in hexadecimal.
  const std::string& sha256() const noexcept { return sha256_; }
  const Model& model() const noexcept { return session_.model(); }
  const Session& session() const noexcept { return session_; }
  const BatchLimits& limits() const noexcept { return batcher_.limits(); }
  Batcher& batcher() noexcept { return batcher_; }

 private:
  std::string name_;
  Index version_;
  std::string sha256_;
  Session session_;
  Batcher batcher_;
};

}  // namespace engine::serve
