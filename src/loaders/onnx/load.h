// From ONNX bytes to a checked graph in the internal operator set.
#pragma once

#include "graph/graph.h"

#include <engine/model.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace engine::onnx {

/// A model as the loader leaves it: operators in their newest form, functions inlined, captures of
/// bodies made explicit, nodes in topological order, types inferred.
struct LoadedModel {
  graph::Graph graph;
  std::vector<TensorInfo> inputs, outputs;  ///< as declared
  /// Default values of inputs (IR 3 style initializers that are inputs too), by input name. The
  /// graph's input stays an input; whoever runs the model fills it in.
  std::map<std::string, Tensor, std::less<>> defaults;
  std::map<std::string, std::string> metadata;
  std::string producer;
  Index ir_version = 0;
  std::map<std::string, Index> opsets;  ///< by domain
  std::vector<std::string> warnings;
};

/// Reads a file; external data only from its own folder. Throws Error as Model::load says.
LoadedModel load_file(const std::filesystem::path& file, const LoadOptions& options);

/// Reads from memory; external data is refused.
LoadedModel load_bytes(std::span<const std::byte> bytes, const LoadOptions& options);

/// Newest opset of ai.onnx that the loader knows.
Index newest_opset() noexcept;

/// Reads a serialised TensorProto (a `.pb` file of ONNX test cases).
Tensor load_tensor(std::span<const std::byte> bytes);

}  // namespace engine::onnx
