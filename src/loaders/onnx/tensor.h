// From TensorProto to Tensor. Everything a file can lie about is checked before memory is taken.
#pragma once

#include "loaders/onnx/external_data.h"
#include "loaders/onnx/onnx.pb.h"

#include <engine/tensor.h>

#include <cstddef>
#include <string>
#include <unordered_map>

namespace engine::onnx {

/// The element type of an ONNX type number. Throws Error: kInvalidModel if it is undefined or
/// unknown, kUnsupported if it is one that the engine does not have (float8, complex, ...).
DType element_type(int number);

/// Makes the tensors of one file, which share one budget. Each message is read once: its data move
/// into the tensor, and a second read of the same message returns the same tensor.
class TensorReader {
 public:
  /// `folder` may be null: external data are then refused. It must outlive the reader.
  TensorReader(std::size_t max_bytes, const ExternalFolder* folder)
      : max_bytes_(max_bytes), folder_(folder) {}

  /// Throws Error (kInvalidModel, kUnsupported, kNotFound, kIo, kResourceExhausted) without naming
  /// the tensor: the caller knows what it is for.
  Tensor read(pb::TensorProto& proto);

  /// Takes memory for a tensor that does not come from a message out of the same budget.
  void charge(DType dtype, Index count);

 private:
  Tensor make(pb::TensorProto& proto);
  Tensor make_external(const pb::TensorProto& proto, DType dtype, const Shape& shape, Index count);
  Tensor make_typed(pb::TensorProto& proto, DType dtype, const Shape& shape, Index count);
  Tensor make_raw(pb::TensorProto& proto, DType dtype, const Shape& shape, Index count);

  std::size_t max_bytes_, used_ = 0;
  const ExternalFolder* folder_;
  std::unordered_map<const pb::TensorProto*, Tensor> done_;
};

}  // namespace engine::onnx
