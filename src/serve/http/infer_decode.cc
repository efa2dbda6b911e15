#include "serve/http/infer_decode.h"

#include "serve/core/datatype.h"
#include "serve/core/request_parameters.h"
#include "serve/core/tensor_bytes.h"
#include "serve/core/text.h"
#include "serve/http/json_data.h"

#include <charconv>

namespace engine::serve::http {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMostNested = 100;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

// A member of an object as a type, if it is there. Throws if it is of another type.
template <class T>
std::optional<T> member(dom::object object, std::string_view key) {
  dom::element element;
  if (object.at_key(key).get(element)) return {};
  T value;
  if (element.get(value)) invalid("Unable to parse " + quote(key) + " (of another type)");
  return value;
}

template <class T>
T required(dom::object object, std::string_view key) {
  if (auto value = member<T>(object, key)) return *value;
  invalid("Unable to parse 'inputs': key " + quote(key) + " is missing");
}

constexpr std::size_t kMostAxes = 64;

Shape shape_of(dom::object input, std::string_view name) {
  Shape shape;
  for (const dom::element extent : required<dom::array>(input, "shape")) {
    std::int64_t value = 0;
    if (extent.get(value) || value < 0)
      invalid("Unable to parse 'shape' of input " + quote(name) +
              " (attempt to access JSON non-unsigned-integer as unsigned-integer)");
    shape.push_back(value);
    if (shape.size() > kMostAxes)
      invalid("input " + quote(name) + " has more than " + std::to_string(kMostAxes) + " axes");
  }
  return shape;
}

Parameter parameter_of(dom::element value) {
  switch (value.type()) {
    case dom::element_type::BOOL: return bool{value};
    case dom::element_type::INT64: return std::int64_t{value};
    case dom::element_type::UINT64: return std::uint64_t{value};
    case dom::element_type::DOUBLE: return double{value};
    case dom::element_type::STRING: return std::string_view{value};
    default: return {};
  }
}

class Decoder {
 public:
  Decoder(const InferTarget& target, std::shared_ptr<const std::string> body)
      : target_(target), body_(std::move(body)) {}

  InferCall json(std::size_t length) {
    tail_ = std::string_view(*body_).substr(length);
    dom::parser parser;
    dom::element document;
    simdjson::error_code error = parser.allocate(length, kMostNested);
    if (!error) error = parser.parse(body_->data(), length).get(document);
    if (error)
      invalid(std::string("failed to parse the request JSON buffer: ") +
              simdjson::error_message(error));
    dom::object root;
    if (document.get(root)) invalid("failed to parse the request JSON buffer: it is no object");
    if (const auto id = member<std::string_view>(root, "id")) call_.id = *id;
    if (const auto parameters = member<dom::object>(root, "parameters"))
      read_parameters(*parameters);
    for (const dom::element input : required<dom::array>(root, "inputs")) add_input(input);
    if (!tail_.empty())
      invalid("unexpected additional input data for model " + quote(model().name()));
    if (const auto outputs = member<dom::array>(root, "outputs"))
      for (const dom::element output : *outputs) add_output(output);
    return std::move(call_);
  }

  // The body is the only input, of one sample.
  InferCall raw() {
    const std::vector<TensorInfo>& inputs = model().tensors().inputs;
    if (inputs.size() != 1)
      invalid("raw binary data needs a model with one input, " + quote(model().name()) + " has " +
              std::to_string(inputs.size()));
    const TensorInfo& info = inputs.front();
    Shape shape = declared_dims(info);
    if (is_batched()) shape[0] = 1;
    for (const Index extent : shape)
      if (extent < 0)
        invalid("raw binary data needs a fixed shape, input " + quote(info.name) + " is " +
                dims_text(shape));
    call_.request.inputs[info.name] = tensor(info.name, info.dtype, shape, *body_);
    call_.binary_by_default = true;
    return std::move(call_);
  }

 private:
  void read_parameters(dom::object parameters) {
    for (const auto& [key, value] : parameters) {
      set_parameter(call_.request, key, parameter_of(value));
      if (key == "binary_data_output" && value.get(call_.binary_by_default))
        invalid("Unable to parse 'binary_data_output' (no boolean)");
    }
  }

  void add_input(dom::element element) {
    dom::object input;
    if (element.get(input)) invalid("Unable to parse 'inputs': an element is no object");
    const std::string name(required<std::string_view>(input, "name"));
    const auto dtype = parse_datatype(required<std::string_view>(input, "datatype"));
    if (!dtype) invalid("invalid datatype for input " + quote(name));
    const Shape shape = shape_of(input, name);
    std::optional<std::uint64_t> size;
    std::optional<SharedRange> range;
    if (const auto parameters = member<dom::object>(input, "parameters")) {
      size = member<std::uint64_t>(*parameters, "binary_data_size");
      for (const auto& [key, value] : *parameters)
        set_range_parameter(range, key, parameter_of(value));
    }
    dom::element data;
    const bool has_data = !input.at_key("data").get(data);
    if (has_data + size.has_value() + range.has_value() != 1)
      invalid(
          "Input must set only one of the following fields: 'data', 'binary_data_size' in "
          "'parameters', 'shared_memory_region' in 'parameters'; input " +
          quote(name) + (has_data || size ? " sets several" : " sets none"));
    Tensor value = has_data ? tensor_of_json(*dtype, shape, data, name)
                   : range  ? shared_tensor(*range, *dtype, shape, name)
                            : tensor(name, *dtype, shape, from_tail(*size, name));
    if (!call_.request.inputs.emplace(name, std::move(value)).second)
      invalid("input " + quote(name) + " already exists in request");
  }

  std::string_view from_tail(std::uint64_t size, std::string_view name) {
    if (size > tail_.size())
      invalid("unexpected size for input " + quote(name) + ", expecting " +
              std::to_string(size - tail_.size()) + " additional bytes for model " +
              quote(model().name()));
    const std::string_view bytes = tail_.substr(0, size);
    tail_.remove_prefix(size);
    return bytes;
  }

  Tensor tensor(std::string_view name, DType dtype, const Shape& shape, std::string_view bytes) {
    return tensor_of_bytes(dtype, shape, bytes, body_, is_batched(), name, model().name());
  }

  Tensor shared_tensor(const SharedRange& range, DType dtype, const Shape& shape,
                       std::string_view name) {
    require_memory();
    const auto bytes = read_shared(*target_.memory, range, dtype, shape, name, model().name());
    return tensor_of_bytes(dtype, shape, *bytes, bytes, is_batched(), name, model().name());
  }

  void require_memory() const {
    if (!target_.memory) throw Error(ErrorCode::kUnsupported, kNoSharedMemory);
  }

  const ServedModel& model() const { return target_.model; }
  bool is_batched() const { return model().limits().max_batch_size > 0; }

  void add_output(dom::element element) {
    dom::object output;
    if (element.get(output)) invalid("Unable to parse 'outputs': an element is no object");
    const std::string name(required<std::string_view>(output, "name"));
    call_.request.outputs.push_back(name);
    const auto parameters = member<dom::object>(output, "parameters");
    if (!parameters) return;
    OutputForm form;
    for (const auto& [key, value] : *parameters)
      set_output_parameter(form, key, parameter_of(value));
    if (form.shared) require_memory();
    if (form.shared || form.classes != 0) call_.forms.insert_or_assign(name, form);
    if (const auto binary = member<bool>(*parameters, "binary_data"))
      call_.binary.insert_or_assign(name, *binary);
  }

  const InferTarget target_;
  const std::shared_ptr<const std::string> body_;
  std::string_view tail_;
  InferCall call_;
};

}  // namespace

InferCall decode_infer(const InferTarget& target, std::shared_ptr<const std::string> body,
                       std::optional<std::string_view> header_length) {
  std::size_t length = body->size();
  if (header_length) {
    const char* end = header_length->data() + header_length->size();
    const auto [stop, error] = std::from_chars(header_length->data(), end, length);
    if (error != std::errc() || stop != end || length > body->size())
      invalid("inference header size should be in range (0, " + std::to_string(body->size()) +
              "), got: " + quote(*header_length));
  }
  Decoder decoder(target, std::move(body));
  return length == 0 ? decoder.raw() : decoder.json(length);
}

}  // namespace engine::serve::http
