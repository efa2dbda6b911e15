#include "serve/core/datatype.h"
#include "serve/core/request_parameters.h"
#include "serve/core/tensor_bytes.h"
#include "serve/core/text.h"
#include "serve/rpc/infer_wire.h"

#include <charconv>
#include <limits>

namespace engine::serve::rpc {
namespace {

using Input = inference::ModelInferRequest::InferInputTensor;
using Output = inference::ModelInferRequest::InferRequestedOutputTensor;
using Contents = inference::InferTensorContents;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

Parameter parameter_of(const inference::InferParameter& value) {
  switch (value.parameter_choice_case()) {
    case inference::InferParameter::kBoolParam: return value.bool_param();
    case inference::InferParameter::kInt64Param: return std::int64_t{value.int64_param()};
    case inference::InferParameter::kStringParam: return std::string_view(value.string_param());
    case inference::InferParameter::kDoubleParam: return value.double_param();
    case inference::InferParameter::kUint64Param: return std::uint64_t{value.uint64_param()};
    default: return {};
  }
}

// How many values each typed field has, by the element types that it is for.
struct TypedField {
  std::vector<DType> types;
  int count;
};

int count_for(const Contents& contents, DType dtype, int& all) {
  const TypedField fields[] = {
      {{DType::kBool}, contents.bool_contents_size()},
      {{DType::kInt8, DType::kInt16, DType::kInt32}, contents.int_contents_size()},
      {{DType::kInt64}, contents.int64_contents_size()},
      {{DType::kUInt8, DType::kUInt16, DType::kUInt32}, contents.uint_contents_size()},
      {{DType::kUInt64}, contents.uint64_contents_size()},
      {{DType::kFloat32}, contents.fp32_contents_size()},
      {{DType::kFloat64}, contents.fp64_contents_size()},
      {{DType::kString}, contents.bytes_contents_size()}};
  int mine = 0;
  for (const TypedField& field : fields) {
    all += field.count;
    if (std::ranges::find(field.types, dtype) != field.types.end()) mine = field.count;
  }
  return mine;
}

template <class To, class From>
void convert(const From& values, Tensor& tensor, const std::string& input) {
  To* to = tensor.mutable_values<To>().data();
  for (const auto value : values) {
    *to = static_cast<To>(value);
    if (static_cast<std::remove_cvref_t<decltype(value)>>(*to++) != value && value == value)
      invalid("value " + std::to_string(value) + " of input " + quote(input) +
              " does not fit its datatype");
  }
}

Tensor typed_tensor(DType dtype, const Shape& shape, const Contents& contents,
                    const std::string& input) {
  if (dtype == DType::kString)
    return Tensor::strings(shape,
                           {contents.bytes_contents().begin(), contents.bytes_contents().end()});
  Tensor tensor(dtype, shape);
  switch (dtype) {
    case DType::kBool: convert<bool>(contents.bool_contents(), tensor, input); break;
    case DType::kInt8: convert<std::int8_t>(contents.int_contents(), tensor, input); break;
    case DType::kInt16: convert<std::int16_t>(contents.int_contents(), tensor, input); break;
    case DType::kInt32: convert<std::int32_t>(contents.int_contents(), tensor, input); break;
    case DType::kInt64: convert<std::int64_t>(contents.int64_contents(), tensor, input); break;
    case DType::kUInt8: convert<std::uint8_t>(contents.uint_contents(), tensor, input); break;
    case DType::kUInt16: convert<std::uint16_t>(contents.uint_contents(), tensor, input); break;
    case DType::kUInt32: convert<std::uint32_t>(contents.uint_contents(), tensor, input); break;
    case DType::kUInt64: convert<std::uint64_t>(contents.uint64_contents(), tensor, input); break;
    case DType::kFloat32: convert<float>(contents.fp32_contents(), tensor, input); break;
    case DType::kFloat64: convert<double>(contents.fp64_contents(), tensor, input); break;
    default: break;  // `count_for` knows no such values
  }
  return tensor;
}

class Reader {
 public:
  Reader(const InferMessage& message, const ServedModel& model, const SharedMemory* memory)
      : message_(message), model_(model), memory_(memory) {}

  InferCall call() {
    const inference::ModelInferRequest& head = message_.head;
    for (const auto& [key, value] : head.parameters())
      set_parameter(call_.request, key, parameter_of(value));
    for (const Input& input : head.inputs()) add(input);
    if (next_raw_ != message_.raw.size())
      invalid("raw_input_contents has " + std::to_string(message_.raw.size()) +
              " entries, the inputs of model " + quote(model_.name()) + " use " +
              std::to_string(next_raw_));
    for (const auto& output : head.outputs()) add(output);
    return std::move(call_);
  }

 private:
  void add(const Input& input) {
    const auto dtype = parse_datatype(input.datatype());
    if (!dtype)
      invalid("inference input " + quote(input.name()) + " data-type is " +
              quote(input.datatype()) + ", which is none of the protocol's");
    const Shape shape(input.shape().begin(), input.shape().end());
    Tensor tensor = tensor_of(input, *dtype, shape);
    if (!call_.request.inputs.emplace(input.name(), std::move(tensor)).second)
      invalid("input " + quote(input.name()) + " already exists in request");
  }

  void add(const Output& output) {
    call_.request.outputs.push_back(output.name());
    if (output.parameters().empty()) return;
    OutputForm form;
    for (const auto& [key, value] : output.parameters())
      set_output_parameter(form, key, parameter_of(value));
    if (form.shared) require_memory();
    call_.forms.insert_or_assign(output.name(), std::move(form));
  }

  void require_memory() const {
    if (!memory_) throw Error(ErrorCode::kUnsupported, kNoSharedMemory);
  }

  Tensor shared_tensor(const Input& input, const SharedRange& range, DType dtype,
                       const Shape& shape) {
    require_memory();
    const auto bytes = read_shared(*memory_, range, dtype, shape, input.name(), model_.name());
    return tensor_of_bytes(dtype, shape, *bytes, bytes, is_batched(), input.name(), model_.name());
  }

  bool is_batched() const { return model_.limits().max_batch_size > 0; }

  Tensor tensor_of(const Input& input, DType dtype, const Shape& shape) {
    std::optional<SharedRange> range;
    for (const auto& [key, value] : input.parameters())
      set_range_parameter(range, key, parameter_of(value));
    if (range) return shared_tensor(input, *range, dtype, shape);
    int all = 0;
    const int typed = count_for(input.contents(), dtype, all);
    const std::string whose = " for " + quote(input.name()) + " for model " + quote(model_.name());
    if (!message_.raw.empty()) {
      if (all != 0)
        invalid("contents field must not be specified when using raw_input_contents" + whose);
      if (next_raw_ == message_.raw.size())
        invalid("unable to find data" + whose + " in request: raw_input_contents has " +
                std::to_string(next_raw_) + " entries");
      return tensor_of_bytes(dtype, shape, message_.raw[next_raw_++], message_.bytes, is_batched(),
                             input.name(), model_.name());
    }
    if (all != typed)
      invalid("unexpected explicit tensor data" + whose + ", expected the field of datatype '" +
              datatype(dtype) + "'");
    const std::size_t count = checked_count(shape, input.name());
    if (typed == 0 && count != 0) invalid("unable to find data" + whose + " in request");
    if (count != static_cast<std::size_t>(typed))
      invalid("input byte size mismatch" + whose + ". Expected " + std::to_string(count) +
              " values for shape " + dims_text(shape) + ", got " + std::to_string(typed));
    return typed_tensor(dtype, shape, input.contents(), input.name());
  }

  const InferMessage& message_;
  const ServedModel& model_;
  const SharedMemory* const memory_;
  std::size_t next_raw_ = 0;
  InferCall call_;
};

}  // namespace

std::optional<Index> parse_version(const std::string& text) {
  if (text.empty()) return {};
  Index version = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, version);
  if (error != std::errc() || stop != end)
    invalid("failed to get model version from specified version string " + quote(text) +
            ", version should be an integral value > 0");
  if (version < 0) invalid("invalid model version specified " + quote(text));
  return version;
}

InferCall call_of(const InferMessage& message, const ServedModel& model,
                  const SharedMemory* memory) {
  return Reader(message, model, memory).call();
}

}  // namespace engine::serve::rpc
