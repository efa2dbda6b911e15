#include "loaders/onnx/declared.h"

#include "base/check.h"
#include "base/text.h"
#include "loaders/onnx/tensor.h"

namespace engine::onnx {
namespace {

const char* kind_name(const pb::TypeProto& type) {
  switch (type.value_case()) {
    case pb::TypeProto::kTensorType: return "a tensor";
    case pb::TypeProto::kSequenceType: return "a sequence";
    case pb::TypeProto::kMapType: return "a map";
    case pb::TypeProto::kOptionalType: return "an optional";
    case pb::TypeProto::kSparseTensorType: return "a sparse tensor";
    default: return "of an unknown kind";
  }
}

// Names of extents end up in messages, so those that could harm a terminal become anonymous.
bool is_printable(const std::string& name) { return quote(name) == "'" + name + "'"; }

Dim to_dim(const pb::TensorShapeProto::Dimension& dim) {
  if (dim.has_dim_value() && dim.dim_value() >= 0) return Dim(dim.dim_value());
  if (!dim.dim_param().empty() && is_printable(dim.dim_param()))
    return Dim::symbol(dim.dim_param());
  return Dim::unknown();
}

TensorType tensor_type(const pb::TypeProto::Tensor& tensor) {
  TensorType type = TensorType::unranked(element_type(tensor.elem_type()));
  if (!tensor.has_shape()) return type;
  type.ranked = true;
  for (const auto& dim : tensor.shape().dim()) type.dims.push_back(to_dim(dim));
  return type;
}

}  // namespace

void require_tensor(const pb::ValueInfoProto& info, const char* what) {
  if (!info.has_type() || info.type().value_case() == pb::TypeProto::VALUE_NOT_SET) return;
  ENGINE_REQUIRE(info.type().has_tensor_type(), ErrorCode::kUnsupported, what, " ",
                 quote(info.name()), " is ", kind_name(info.type()),
                 " (only tensors are supported)");
}

TensorType input_type(const pb::ValueInfoProto& info, const char* what) {
  require_tensor(info, what);
  ENGINE_VALIDATE(info.type().has_tensor_type(), what, " ", quote(info.name()),
                  " is declared without a type");
  try {
    return tensor_type(info.type().tensor_type());
  } catch (const Error& error) {
    fail(error.code(), what, " ", quote(info.name()), ": ", error.what());
  }
}

std::optional<TensorType> declared_type(const pb::ValueInfoProto& info) {
  if (!info.type().has_tensor_type()) return std::nullopt;
  try {
    return tensor_type(info.type().tensor_type());
  } catch (const Error&) {
    return std::nullopt;  // only a hint; the computed type is checked on its own
  }
}

TensorInfo tensor_info(const pb::ValueInfoProto& info, const TensorType& computed) {
  const std::optional<TensorType> declared = declared_type(info);
  const bool use_declared =
      declared && declared->ranked && (!computed.ranked || declared->rank() == computed.rank());
  TensorInfo result;
  result.name = info.name();
  result.dtype = computed.dtype;
  result.ranked = use_declared || computed.ranked;
  for (const Dim& dim : use_declared ? declared->dims : computed.dims)
    result.shape.push_back({dim.value(), dim.known() ? "" : dim.symbol()});
  if (!use_declared) return result;
  for (std::size_t i = 0; i < result.shape.size() && computed.ranked; ++i)
    if (computed.dims[i].known()) result.shape[i] = {computed.dims[i].value(), ""};
  return result;
}

std::string contradiction(const TensorType& declared, const TensorType& computed) {
  bool differs = declared.dtype != computed.dtype;
  if (!differs && declared.ranked && computed.ranked) {
    differs = declared.rank() != computed.rank();
    for (std::size_t i = 0; !differs && i < declared.dims.size(); ++i) {
      const Dim &a = declared.dims[i], &b = computed.dims[i];
      differs = a.known() && b.known() && a.value() != b.value();
    }
  }
  return differs ? "is declared " + to_string(declared) + " and computed " + to_string(computed)
                 : "";
}

}  // namespace engine::onnx
