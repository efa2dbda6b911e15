// From --input, --random and --dim to the tensors that a model wants.
#pragma once

#include <engine/model.h>
#include <engine/tensor.h>

#include <string>
#include <vector>

namespace engine::tools {

struct InputOptions {
  std::vector<std::string> files;  ///< NAME=FILE, or FILE
  std::vector<std::string> more;   ///< further ones, as in --input A=a.npy B=b.npy
  std::string random;              ///< seed as text; empty: missing inputs are an error
  std::vector<std::string> dims;   ///< NAME=N or INPUT:AXIS=N
  Index batch = 0;                 ///< extent of free first dimensions of random inputs; 0: 1
};

/// Reads the named files and fills what is missing at random, if that was asked for. Throws Error
/// that names what the model wants. Remarks on free dimensions that nothing fixes (they become 1).
Tensors gather_inputs(const Model& model, const InputOptions& options);

/// The value of one input from a file, in the type and rank that the model wants. A table of one
/// column fits an input of one axis.
Tensor read_input(const TensorInfo& info, const std::string& file);

}  // namespace engine::tools
