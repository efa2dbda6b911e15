// A model file as it is, whether or not this build can run it.
#pragma once

#include <engine/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace engine::tools {

struct Outline {
  std::string producer;  ///< name and version
  Index ir_version = 0;
  std::map<std::string, Index> opsets;  ///< by domain; "" is "ai.onnx"
  std::map<std::string, std::string> metadata;
  Index nodes = 0;                         ///< those of bodies (If, Loop, Scan) among them
  std::map<std::string, Index> operators;  ///< how many nodes; "domain::name" outside ai.onnx
  Index tensors = 0, parameters = 0;       ///< initializers, and elements of all of them
  Index functions = 0;                     ///< model-local
};

/// Reads the messages only: no tensor data, no operator needs to be known. Throws Error (kNotFound,
/// kIo, kInvalidModel) if the file is no ONNX model at all.
Outline outline_of(const std::filesystem::path& file);

}  // namespace engine::tools
