#include "serve/core/warm_up.h"

#include "serve/config/config_check.h"
#include "serve/config/config_tensors.h"
#include "serve/core/batch_runner.h"
#include "serve/core/request_check.h"
#include "serve/core/text.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace engine::serve {
namespace {

using Input = inference::ModelWarmup::Input;

constexpr std::uint32_t kMostRuns = 10'000;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of an input

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "config.pbtxt: " + what);
}

Shape shape_of(const Input& input, DType dtype, Index rows, const std::string& whose) {
  Shape shape(input.dims().begin(), input.dims().end());
  if (rows > 0) shape.insert(shape.begin(), rows);
  std::size_t bytes = std::max<std::size_t>(1, size_of(dtype));
  for (const Index extent : shape) {
    if (extent < 1) invalid(whose + " has extent " + std::to_string(extent) + " in dims");
    if (static_cast<std::size_t>(extent) > kMostBytes / bytes)
      invalid(whose + " is larger than " + std::to_string(kMostBytes) + " bytes");
    bytes *= static_cast<std::size_t>(extent);
  }
  return shape;
}

template <class T>
void fill(Tensor& tensor, std::minstd_rand& random) {
  for (T& value : tensor.mutable_values<T>()) {
    const double number = double(random() - random.min()) / double(random.max());
    if constexpr (std::is_floating_point_v<T>) value = static_cast<T>(number);
    else value = static_cast<T>(number < 0.5);
  }
}

// Of a type that is neither here nor made of numbers nothing differs from zeros.
void fill(Tensor& tensor) {
  std::minstd_rand random(1);
  switch (tensor.dtype()) {
    case DType::kFloat32: return fill<float>(tensor, random);
    case DType::kFloat64: return fill<double>(tensor, random);
    case DType::kInt8: return fill<std::int8_t>(tensor, random);
    case DType::kUInt8: return fill<std::uint8_t>(tensor, random);
    case DType::kInt16: return fill<std::int16_t>(tensor, random);
    case DType::kUInt16: return fill<std::uint16_t>(tensor, random);
    case DType::kInt32: return fill<std::int32_t>(tensor, random);
    case DType::kUInt32: return fill<std::uint32_t>(tensor, random);
    case DType::kInt64: return fill<std::int64_t>(tensor, random);
    case DType::kUInt64: return fill<std::uint64_t>(tensor, random);
    case DType::kBool: return fill<bool>(tensor, random);
    default: return;
  }
}

void fill(Tensor& tensor, Index rows, const std::string& bytes, const std::string& whose) {
  const std::size_t row = tensor.bytes() / static_cast<std::size_t>(std::max<Index>(1, rows));
  if (bytes.size() != row)
    invalid(whose + " has a file of " + std::to_string(bytes.size()) + " bytes, but takes " +
            std::to_string(row));
  auto* to = static_cast<char*>(tensor.mutable_data());
  for (std::size_t at = 0; at < tensor.bytes(); at += row) std::memcpy(to + at, bytes.data(), row);
}

Tensor tensor_of(const Input& input, DType dtype, Index rows, const ModelFiles* files,
                 const std::string& whose) {
  Tensor tensor(dtype, shape_of(input, dtype, rows, whose));
  if (input.random_data()) fill(tensor);
  if (!input.has_input_data_file()) return tensor;
  const std::string& name = input.input_data_file();
  if (!is_file_name(name)) invalid(whose + " has file " + quote(name) + ", which is no plain name");
  if (!files) invalid(whose + " has file " + quote(name) + ", but the model has no folder");
  if (dtype == DType::kString || dtype == DType::kBool)
    throw Error(ErrorCode::kUnsupported, "config.pbtxt: " + whose + " is " +
                                             inference::DataType_Name(input.data_type()) +
                                             ", which cannot come from a file; use zero_data");
  fill(tensor, rows, files->read("warmup/" + name, kMostBytes), whose);
  return tensor;
}

Pending pending_of(const inference::ModelWarmup& sample, const ServedTensors& tensors,
                   const BatchLimits& limits, const ModelFiles* files) {
  const std::string name = "model_warmup " + quote(sample.name());
  if (sample.count() > kMostRuns)
    invalid(name + " has count " + std::to_string(sample.count()) + " (at most " +
            std::to_string(kMostRuns) + ")");
  const bool batched = limits.max_batch_size > 0;
  const Index rows = batched ? std::max<Index>(1, sample.batch_size()) : 0;
  if (rows > limits.max_batch_size || (!batched && sample.batch_size() > 1))
    invalid(name + " has batch_size " + std::to_string(sample.batch_size()) + " (at most " +
            std::to_string(limits.max_batch_size) + ")");
  Pending pending;
  for (const auto& [input_name, input] : sample.inputs()) {
    const auto info = std::ranges::find(tensors.inputs, input_name, &TensorInfo::name);
    const std::string whose = "input " + quote(input_name) + " of " + name;
    if (info == tensors.inputs.end()) invalid(whose + " is none of the model's");
    if (input.data_type() != config_type(info->dtype))
      invalid(whose + " is " + inference::DataType_Name(config_type(info->dtype)) +
              " in the model, but has data_type " + inference::DataType_Name(input.data_type()));
    pending.request.inputs[input_name] = tensor_of(input, info->dtype, rows, files, whose);
  }
  if (const auto failure = check_request("the model", tensors, limits, pending))
    invalid(name + ": " + failure->message);
  tensors.to_model(pending.request.inputs);
  return pending;
}

}  // namespace

void warm_up(const inference::ModelConfig& config, const Session& session,
             const ServedTensors& tensors, const BatchLimits& limits, const ModelFiles* files) {
  BatchRunner runner(session, limits.max_batch_size > 0);
  for (const inference::ModelWarmup& sample : config.model_warmup()) {
    const PendingPtr batch[] = {
        std::make_shared<Pending>(pending_of(sample, tensors, limits, files))};
    for (std::uint32_t i = 0; i < std::max(1u, sample.count()); ++i) {
      RunTimes times;
      const Response response = std::move(runner.run(batch, times).front());
      if (response.failure)
        throw Error(ErrorCode::kRunFailed,
                    "model_warmup " + quote(sample.name()) + ": " + response.failure->message);
    }
  }
}

}  // namespace engine::serve
