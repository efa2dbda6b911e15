#include "serve/core/output_form.h"

#include "serve/core/classification.h"
#include "serve/core/tensor_bytes.h"

namespace engine::serve {
namespace {

ErrorCode error_of(Code code) {
  return code == Code::kNotFound ? ErrorCode::kNotFound : ErrorCode::kInvalidArgument;
}

}  // namespace

void set_range_parameter(std::optional<SharedRange>& range, std::string_view key,
                         const Parameter& value) {
  const auto made = [&range]() -> SharedRange& { return range ? *range : range.emplace(); };
  if (key == "shared_memory_region") made().region = text_parameter(key, value);
  if (key == "shared_memory_offset") made().offset = unsigned_parameter(key, value);
  if (key == "shared_memory_byte_size") made().byte_size = unsigned_parameter(key, value);
}

void set_output_parameter(OutputForm& form, std::string_view key, const Parameter& value) {
  set_range_parameter(form.shared, key, value);
  if (key != "classification") return;
  form.classes = unsigned_parameter(key, value);
  if (form.classes == 0)
    throw Error(ErrorCode::kInvalidArgument,
                "invalid value for 'classification' parameter: expected value > 0, got 0");
}

std::shared_ptr<const std::string> read_shared(const SharedMemory& memory, const SharedRange& range,
                                               DType dtype, const Shape& shape,
                                               std::string_view input, std::string_view model) {
  const auto check = [](const std::optional<Failure>& failure) {
    if (failure) throw Error(error_of(failure->code), failure->message);
  };
  check(memory.check(range));  // before memory is taken: a range is not longer than its object
  if (dtype != DType::kString) check_byte_size(dtype, shape, range.byte_size, input, model);
  const auto bytes = std::make_shared<std::string>(range.byte_size, '\0');
  check(memory.read(range, std::as_writable_bytes(std::span(*bytes))));
  return bytes;
}

std::optional<Failure> form_outputs(Response& response, const OutputForms& forms,
                                    const ServedModel& model, const SharedMemory* memory) {
  for (const auto& [name, form] : forms) {
    const auto found = response.outputs.find(name);
    if (found == response.outputs.end()) continue;
    Tensor& tensor = found->second;
    if (form.classes != 0)
      tensor =
          classify(tensor, model.limits().max_batch_size > 0, form.classes, model.labels(name));
    if (!form.shared || !memory) continue;
    const Tensor bytes = tensor.dtype() == DType::kString ? packed_strings(tensor) : tensor;
    const auto* begin = static_cast<const std::byte*>(bytes.data());
    if (auto failure = memory->write(*form.shared, {begin, bytes.bytes()}, name)) return failure;
  }
  return {};
}

}  // namespace engine::serve
