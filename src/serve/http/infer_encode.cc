#include "serve/http/infer_encode.h"

#include "serve/core/datatype.h"
#include "serve/core/tensor_bytes.h"
#include "serve/core/text.h"
#include "serve/http/json_write.h"

namespace engine::serve::http {
namespace {

int status_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kAlreadyExists: return 400;
    case Code::kNotFound: return 404;
    case Code::kUnavailable:
    case Code::kResourceExhausted: return 503;
    case Code::kDeadlineExceeded: return 504;
    case Code::kCancelled: return 499;
    case Code::kUnsupported: return 501;
    case Code::kInternal: break;
  }
  return 500;
}

bool is_binary(const InferCall& call, const std::string& output) {
  const auto found = call.binary.find(output);
  return found == call.binary.end() ? call.binary_by_default : found->second;
}

void append_head(std::string& json, const ServedModel& model, const InferCall& call,
                 const Response& response) {
  json += "{";
  if (call.id) {
    json += "\"id\":";
    append_string(json, *call.id);
    json += ",";
  }
  json += "\"model_name\":";
  append_string(json, model.name());
  json += ",\"model_version\":\"" + std::to_string(model.version()) +
          "\",\"parameters\":{\"model_sha256\":\"" + model.sha256() +
          "\",\"batch_size\":" + std::to_string(response.batch_rows) + "},\"outputs\":[";
}

void append_place(std::string& json, const SharedRange& range) {
  json += ",\"parameters\":{\"shared_memory_region\":";
  append_string(json, range.region);
  json += ",\"shared_memory_offset\":" + std::to_string(range.offset) +
          ",\"shared_memory_byte_size\":" + std::to_string(range.byte_size) + "}}";
}

}  // namespace

HttpResponse encode_failure(const Failure& failure) {
  return {.status = status_of(failure.code), .text = error_body(failure.message)};
}

HttpResponse encode_infer(const ServedModel& model, const InferCall& call, Response response) {
  HttpResponse http;
  append_head(http.text, model, call, response);
  bool first = true;
  for (const TensorInfo& info : model.tensors().outputs) {
    const auto found = response.outputs.find(info.name);
    if (found == response.outputs.end()) continue;
    Tensor& tensor = found->second;
    http.text += first ? "{\"name\":" : ",{\"name\":";
    first = false;
    append_string(http.text, info.name);
    http.text += std::string(",\"datatype\":\"") + datatype(tensor.dtype()) + "\",\"shape\":";
    append_shape(http.text, tensor.shape());
    if (const auto form = call.forms.find(info.name);
        form != call.forms.end() && form->second.shared) {
      append_place(http.text, *form->second.shared);
      continue;
    }
    if (is_binary(call, info.name)) {
      http.binary.push_back(tensor.dtype() == DType::kString ? packed_strings(tensor) : tensor);
      http.text +=
          ",\"parameters\":{\"binary_data_size\":" + std::to_string(http.binary.back().bytes()) +
          "}}";
      continue;
    }
    http.text += ",\"data\":";
    if (!append_values(http.text, tensor))
      return encode_failure({Code::kInvalidArgument,
                             std::string("sending ") + datatype(tensor.dtype()) +
                                 " data via JSON is not supported. Please use the binary data "
                                 "format for output " +
                                 quote(info.name)});
    http.text += "}";
  }
  http.text += "]}";
  return http;
}

}  // namespace engine::serve::http
