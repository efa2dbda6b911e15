// Model: a loaded, checked, immutable network.
#pragma once

#include <engine/tensor.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace engine {

/// One extent of a declared input or output: fixed, or free with or without a name.
struct Dimension {
  Index size = -1;   ///< the extent, or -1 if it is free
  std::string name;  ///< such as "N"; empty if fixed or anonymous
  bool free() const noexcept { return size < 0; }
};

/// Declaration of an input or output of a model.
struct TensorInfo {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<Dimension> shape;  ///< meaningful only if `ranked`
  bool ranked = true;            ///< false: the model does not say how many axes there are
  bool optional = false;         ///< an input with a default value in the model (IR 3 style)
};

/// "float32 [N, 16]".
ENGINE_API std::string to_string(const TensorInfo& info);

/// Limits on what a model may cost while it is loaded. All are checked before memory is taken.
struct LoadOptions {
  std::size_t max_bytes = std::size_t{4} << 30;  ///< of all tensors of the file together
  int max_depth = 32;                            ///< nesting of If, Loop, Scan and functions
};

/// An ONNX model: parsed, checked, opset-normalised. Immutable; copies share one model.
/// Thread-safe.
class ENGINE_API Model {
 public:
  /// Reads an ONNX file and the external data files beside it (never outside its folder).
  /// Throws Error: kNotFound, kIo, kInvalidModel, kUnsupported (an UnsupportedOperators
  /// names all operators at once).
  static Model load(const std::filesystem::path& file, const LoadOptions& options = {});

  /// The same from memory; external data is refused. Keeps its own copy of the weights.
  static Model parse(std::span<const std::byte> bytes, const LoadOptions& options = {});

  const std::vector<TensorInfo>& inputs() const noexcept;
  const std::vector<TensorInfo>& outputs() const noexcept;
  const std::map<std::string, std::string>& metadata() const noexcept;  ///< metadata_props
  const std::string& name() const noexcept;  ///< file name without folder, or the graph's name
  /// Names of the free dimensions, each once, in order of appearance.
  std::vector<std::string> free_dimensions() const;

  struct Impl;
  const Impl& impl() const noexcept { return *impl_; }
  explicit Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace engine
