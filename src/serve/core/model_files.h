// The files of one model, wherever they are.
#pragma once

#include <engine/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::serve {

/// Read-only. A file is named by one or two plain names: "labels.txt", "1/model.onnx".
class ModelFiles {
 public:
  virtual ~ModelFiles() = default;

  /// The whole numbers above 0, without leading zeros, that its folders are named by; rising.
  virtual std::vector<Index> versions() const = 0;

  virtual bool has(const std::string& name) const = 0;

  /// Where the file lies; nothing if that is in memory. Throws Error as `read`.
  virtual std::optional<std::filesystem::path> path(const std::string& name) const = 0;

  /// Throws Error: kNotFound, kIo, kInvalidArgument (more than `most` bytes, or no file that may be
  /// read). Messages have the name, and no folder of this machine.
  virtual std::string read(const std::string& name, std::size_t most) const = 0;

  /// Differs once the files beside the versions, or those of a version, have changed.
  virtual std::string stamp(Index version) const = 0;
};

/// Files in `folder`. Links are followed as long as they stay below `root`, the repository. Throws
/// Error (kNotFound, kInvalidArgument) if the folder does not lie there.
std::unique_ptr<const ModelFiles> files_in_folder(const std::filesystem::path& root,
                                                  const std::filesystem::path& folder);

/// Files with these names and contents. Throws Error (kInvalidArgument) for a name that is none.
std::unique_ptr<const ModelFiles> files_in_memory(std::map<std::string, std::string> files);

}  // namespace engine::serve
