// What lasts from a request for inference to its answer, of calls and of streams.
#pragma once

#include "serve/core/output_form.h"
#include "serve/rpc/infer_call.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

namespace engine::serve::rpc {

/// One thread at a time, but that `encode` comes from a model's thread, perhaps within `submit`.
struct Exchange {
  std::optional<std::string> id = {};
  std::shared_ptr<ServedModel> model = {};
  OutputForms forms = {};

  /// Reads the request out of the buffer and submits it. An error if nothing was submitted;
  /// `ticket` is of what was.
  ::grpc::Status submit(InferQueue& queue, ::grpc::ByteBuffer& buffer,
                        const ::grpc::ServerContext& context, OnDone on_done, Ticket& ticket);

  /// The answer as a message, or an error.
  ::grpc::Status encode(Response response, const SharedMemory* memory, bool of_stream,
                        ::grpc::ByteBuffer& buffer) const;
};

}  // namespace engine::serve::rpc
