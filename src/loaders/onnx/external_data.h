// External data: weights in files beside the model. Locations come from the model file and are
// hostile: nothing outside the model's folder may be opened, nor anything that is no plain file.
#pragma once

#include "loaders/onnx/onnx.pb.h"

#include <engine/types.h>

#include <filesystem>
#include <string>

namespace engine::onnx {

/// A part of an open file that is known to lie within it.
class ExternalFile {
 public:
  Index offset = 0, length = 0;

  ExternalFile(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  ExternalFile(ExternalFile&& other) noexcept;
  ExternalFile& operator=(ExternalFile&&) = delete;
  ~ExternalFile();

  /// Reads `length` bytes from `offset` on. Throws Error (kIo) if the file has shrunk.
  void read(void* memory) const;

 private:
  int fd_;
  std::string name_;
};

/// The folder of a model.
class ExternalFolder {
 public:
  using Entries = google::protobuf::RepeatedPtrField<pb::StringStringEntryProto>;

  /// Throws Error (kIo) if the folder cannot be opened.
  explicit ExternalFolder(const std::filesystem::path& folder);
  ExternalFolder(const ExternalFolder&) = delete;
  ExternalFolder& operator=(const ExternalFolder&) = delete;
  ~ExternalFolder();

  /// Opens what a tensor's external_data names. Throws Error: kInvalidModel (unknown key, absolute
  /// path, a path out of the folder, links, special files, ranges outside the file), kNotFound.
  ExternalFile open(const Entries& entries) const;

 private:
  int fd_;
};

}  // namespace engine::onnx
