#include "serve/rpc/infer_call.h"

#include "serve/rpc/deadline.h"
#include "serve/rpc/infer_wire.h"
#include "serve/rpc/status.h"
#include "serve/rpc/step.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

namespace engine::serve::rpc {
namespace {

// Owns itself. `ended` comes once for each call that began, also if the client leaves.
class UnaryInfer {
 public:
  explicit UnaryInfer(InferQueue& queue) : queue_(queue) {}

  void await() {
    context_.AsyncNotifyWhenDone(ended_.tag());
    queue_.service.RequestModelInfer(&context_, &buffer_, &writer_, queue_.calls.get(),
                                     queue_.calls.get(), began_.tag());
  }

 private:
  void began(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    ++queue_.counts.begun;
    ++queue_.counts.unanswered;
    await_infer(queue_);
    const ::grpc::Status status = guarded([this] { return submit(); });
    if (!status.ok()) writer_.FinishWithError(status, finished_.tag());
  }

  // An error if nothing was submitted.
  ::grpc::Status submit() {
    const auto message = parse_infer(buffer_);
    buffer_.Clear();
    if (!message) return {::grpc::StatusCode::INTERNAL, "Unable to parse request"};
    if (!message->head.id().empty()) id_ = message->head.id();
    if (!queue_.repository.accepting()) return status_of(kShutsDown);
    Failure why;
    const auto version = parse_version(message->head.model_version());
    model_ = queue_.repository.find(message->head.model_name(), version, why);
    if (!model_) return status_of(why);
    InferCall call = call_of(*message, *model_, queue_.memory);
    forms_ = std::move(call.forms);
    call.request.deadline = deadline_of(context_);
    ticket_ = queue_.repository.submit(
        model_, version, std::move(call.request),
        [this](Response response) { answer(std::move(response)); }, queue_.help);
    return ::grpc::Status::OK;
  }

  // On a model's thread, or within `submit`.
  void answer(Response response) {
    ::grpc::ByteBuffer buffer;
    const ::grpc::Status status = guarded([&]() -> ::grpc::Status {
      if (response.failure) return status_of(with_id(*response.failure, id_));
      if (const auto failure = form_outputs(response, forms_, *model_, queue_.memory))
        return status_of(with_id(*failure, id_));
      buffer = encode_infer(*model_, id_.value_or(""), response, forms_, false);
      return ::grpc::Status::OK;
    });
    if (status.ok()) writer_.Finish(buffer, status, finished_.tag());
    else writer_.FinishWithError(status, finished_.tag());
  }

  void ended(bool) {
    if (model_ && context_.IsCancelled()) model_->batcher().cancel(ticket_);
    leave();
  }
  void finished(bool) {
    --queue_.counts.unanswered;
    leave();
  }
  void leave() {
    if (--open_ != 0) return;
    CallCounts& counts = queue_.counts;
    delete this;
    --counts.begun;
  }

  InferQueue& queue_;
  ::grpc::ServerContext context_;
  ::grpc::ByteBuffer buffer_;
  ::grpc::ServerAsyncResponseWriter<::grpc::ByteBuffer> writer_{&context_};
  std::optional<std::string> id_;
  OutputForms forms_;
  std::shared_ptr<ServedModel> model_;
  Ticket ticket_;
  int open_ = 2;  // of `ended` and `finished`, which one thread reports
  MemberStep<UnaryInfer> began_{*this, &UnaryInfer::began}, ended_{*this, &UnaryInfer::ended},
      finished_{*this, &UnaryInfer::finished};
};

}  // namespace

void await_infer(InferQueue& queue) { (new UnaryInfer(queue))->await(); }

}  // namespace engine::serve::rpc
