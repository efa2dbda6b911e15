#include "serve/core/datatype.h"
#include "serve/core/tensor_bytes.h"
#include "serve/rpc/infer_wire.h"

#include <google/protobuf/io/coded_stream.h>

namespace engine::serve::rpc {
namespace {

// Fields of a length: their number and how they are written.
constexpr std::uint8_t kRawOutput = 6 << 3 | 2;      // of ModelInferResponse
constexpr std::uint8_t kInferResponse = 2 << 3 | 2;  // of ModelStreamInferResponse

void append_size(std::string& text, std::uint8_t tag, std::size_t size) {
  std::uint8_t bytes[12] = {tag};
  const std::uint8_t* end =
      google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(size, bytes + 1);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(end - bytes));
}

inference::ModelInferResponse head_of(const ServedModel& model, const std::string& id,
                                      const Response& response) {
  inference::ModelInferResponse head;
  head.set_model_name(model.name());
  head.set_model_version(std::to_string(model.version()));
  head.set_id(id);
  auto& parameters = *head.mutable_parameters();
  parameters["model_sha256"].set_string_param(model.sha256());
  parameters["batch_size"].set_int64_param(response.batch_rows);
  return head;
}

void set(const SharedRange& range,
         google::protobuf::Map<std::string, inference::InferParameter>& parameters) {
  const auto number = [&](const std::string& key, std::uint64_t value) {
    parameters[key].set_int64_param(static_cast<std::int64_t>(value));
  };
  parameters[std::string("shared_memory_region")].set_string_param(range.region);
  number("shared_memory_offset", range.offset);
  number("shared_memory_byte_size", range.byte_size);
}

// Pieces of a message: texts of ours, and tensors that are not copied unless they are small.
class Pieces {
 public:
  std::string& text() { return text_; }
  void add(const Tensor& tensor) {
    const std::size_t bytes = tensor.bytes();
    if (bytes < kWorthASlice) {
      text_.append(static_cast<const char*>(tensor.data()), bytes);
      return;
    }
    flush();
    auto* owner = new Tensor(tensor);
    slices_.emplace_back(
        owner->mutable_data(), bytes, [](void* held) { delete static_cast<Tensor*>(held); }, owner);
  }
  ::grpc::ByteBuffer buffer() {
    flush();
    return {slices_.data(), slices_.size()};
  }

 private:
  static constexpr std::size_t kWorthASlice = 4096;
  void flush() {
    if (!text_.empty()) slices_.emplace_back(text_);
    text_.clear();
  }
  std::string text_;
  std::vector<::grpc::Slice> slices_;
};

}  // namespace

::grpc::ByteBuffer encode_infer(const ServedModel& model, const std::string& id,
                                const Response& response, const OutputForms& forms,
                                bool of_stream) {
  inference::ModelInferResponse head = head_of(model, id, response);
  if (of_stream)
    (*head.mutable_parameters())[std::string("triton_final_response")].set_bool_param(true);
  std::vector<Tensor> raw;
  std::size_t size = 0;
  for (const TensorInfo& info : model.tensors().outputs) {
    const auto found = response.outputs.find(info.name);
    if (found == response.outputs.end()) continue;
    const Tensor& tensor = found->second;
    auto& output = *head.add_outputs();
    output.set_name(info.name);
    output.set_datatype(datatype(tensor.dtype()));
    output.mutable_shape()->Add(tensor.shape().begin(), tensor.shape().end());
    if (const auto form = forms.find(info.name); form != forms.end() && form->second.shared) {
      set(*form->second.shared, *output.mutable_parameters());
      raw.emplace_back();
    } else {
      raw.push_back(tensor.dtype() == DType::kString ? packed_strings(tensor) : tensor);
    }
    size += 1 + google::protobuf::io::CodedOutputStream::VarintSize64(raw.back().bytes()) +
            raw.back().bytes();
  }
  Pieces pieces;
  if (of_stream) append_size(pieces.text(), kInferResponse, head.ByteSizeLong() + size);
  head.AppendToString(&pieces.text());
  for (const Tensor& tensor : raw) {
    append_size(pieces.text(), kRawOutput, tensor.bytes());
    pieces.add(tensor);
  }
  return pieces.buffer();
}

::grpc::ByteBuffer encode_stream_failure(const std::string& message, const std::string& id) {
  inference::ModelStreamInferResponse response;
  response.set_error_message(message);
  response.mutable_infer_response()->set_id(id);
  (*response.mutable_infer_response()->mutable_parameters())[std::string("triton_final_response")]
      .set_bool_param(true);
  const ::grpc::Slice slice(response.SerializeAsString());
  return {&slice, 1};
}

}  // namespace engine::serve::rpc
