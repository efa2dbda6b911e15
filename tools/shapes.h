// Extents for the free dimensions of a model.
#pragma once

#include <engine/model.h>
#include <engine/tensor.h>

#include <map>
#include <string>
#include <vector>

namespace engine::tools {

/// Decides on a number for each free dimension, in this order: the shapes of given tensors, --dim,
/// the batch for first dimensions, 1.
class FreeDimensions {
 public:
  /// `dims` are NAME=N or INPUT:AXIS=N; throws Error (kInvalidArgument) if one is malformed or
  /// names no free dimension. `batch` 0 counts as not given.
  FreeDimensions(const std::vector<TensorInfo>& infos, const Tensors& given,
                 const std::vector<std::string>& dims, Index batch);

  /// Throws Error (kInvalidArgument) if the model does not even tell the rank.
  Shape shape_of(const TensorInfo& info) const;

  /// Tells the user, on standard error, which dimensions `shape_of` took as 1 for want of a number.
  void remark_on_guesses() const;

 private:
  void take_shapes(const std::vector<TensorInfo>& infos, const Tensors& given);
  void take_argument(const std::vector<TensorInfo>& infos, const std::string& argument);

  std::map<std::string, Index> by_name_;  ///< also "INPUT:AXIS" for single ones
  Index batch_;
  mutable std::vector<std::string> guessed_;
};

}  // namespace engine::tools
