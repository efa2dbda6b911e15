#include "serve/rpc/exchange.h"

#include "serve/rpc/deadline.h"
#include "serve/rpc/infer_wire.h"
#include "serve/rpc/status.h"

namespace engine::serve::rpc {

using ::grpc::Status;

Status Exchange::submit(InferQueue& queue, ::grpc::ByteBuffer& buffer,
                        const ::grpc::ServerContext& context, OnDone on_done, Ticket& ticket) {
  return guarded([&]() -> Status {
    const auto message = parse_infer(buffer);
    buffer.Clear();
    if (!message) return {::grpc::StatusCode::INTERNAL, "Unable to parse request"};
    if (!message->head.id().empty()) id = message->head.id();
    if (!queue.repository.accepting()) return status_of(kShutsDown);
    Failure why;
    const auto version = parse_version(message->head.model_version());
    model = queue.repository.find(message->head.model_name(), version, why);
    if (!model) return status_of(why);
    InferCall call = call_of(*message, *model, queue.memory);
    forms = std::move(call.forms);
    call.request.deadline = deadline_of(context);
    ticket = queue.repository.submit(model, version, std::move(call.request), std::move(on_done),
                                     queue.help);
    return Status::OK;
  });
}

Status Exchange::encode(Response response, const SharedMemory* memory, bool of_stream,
                        ::grpc::ByteBuffer& buffer) const {
  return guarded([&]() -> Status {
    if (response.failure) return status_of(with_id(*response.failure, id));
    if (const auto failure = form_outputs(response, forms, *model, memory))
      return status_of(with_id(*failure, id));
    buffer = encode_infer(*model, id.value_or(""), response, forms, of_stream);
    return Status::OK;
  });
}

}  // namespace engine::serve::rpc
