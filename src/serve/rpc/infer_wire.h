// ModelInferRequest and ModelInferResponse on the wire. Tensors are never copied here: the raw
// contents are cut out of the message, and protobuf reads what is left.
#pragma once

#include "serve/core/output_form.h"
#include "serve/core/request.h"
#include "serve/core/served_model.h"
#include "serve/proto/grpc_service.pb.h"

#include <grpcpp/support/byte_buffer.h>

#include <optional>
#include <string_view>
#include <vector>

namespace engine::serve::rpc {

/// A request as the client wrote it.
struct InferMessage {
  std::shared_ptr<const ::grpc::Slice> bytes;  ///< all of it, what `raw` looks into
  inference::ModelInferRequest head;           ///< without raw_input_contents
  std::vector<std::string_view> raw = {};
};

/// Takes a message apart; nothing if it is none.
std::optional<InferMessage> parse_infer(const ::grpc::ByteBuffer& buffer);

/// The version of a message's text: nothing for "". Throws Error (kInvalidArgument).
std::optional<Index> parse_version(const std::string& text);

/// What a message asks of a model.
struct InferCall {
  Request request;
  OutputForms forms;
};

/// Reads it. Inputs share the message's memory where they can, or are read out of shared memory,
/// which is refused if `memory` is null. Throws Error (kInvalidArgument, kNotFound, kUnsupported)
/// in Triton's words.
InferCall call_of(const InferMessage& message, const ServedModel& model,
                  const SharedMemory* memory);

/// The answer with its raw contents behind it, outputs in the order of the model; numbers share
/// the response's memory. Outputs in shared memory have an empty entry. With `of_stream` it is a
/// ModelStreamInferResponse, the last one of its request.
::grpc::ByteBuffer encode_infer(const ServedModel& model, const std::string& id,
                                const Response& response, const OutputForms& forms, bool of_stream);

/// A ModelStreamInferResponse that says what failed.
::grpc::ByteBuffer encode_stream_failure(const std::string& message, const std::string& id);

}  // namespace engine::serve::rpc
