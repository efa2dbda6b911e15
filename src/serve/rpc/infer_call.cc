#include "serve/rpc/infer_call.h"

#include "serve/rpc/exchange.h"
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
    const ::grpc::Status status = exchange_.submit(
        queue_, buffer_, context_, [this](Response response) { answer(std::move(response)); },
        ticket_);
    if (!status.ok()) writer_.FinishWithError(status, finished_.tag());
  }

  // On a model's thread, or within `began`.
  void answer(Response response) {
    ::grpc::ByteBuffer buffer;
    const ::grpc::Status status =
        exchange_.encode(std::move(response), queue_.memory, false, buffer);
    if (status.ok()) writer_.Finish(buffer, status, finished_.tag());
    else writer_.FinishWithError(status, finished_.tag());
  }

  void ended(bool) {
    if (exchange_.model && context_.IsCancelled()) exchange_.model->batcher().cancel(ticket_);
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
  Exchange exchange_;
  Ticket ticket_;
  int open_ = 2;  // of `ended` and `finished`, which one thread reports
  MemberStep<UnaryInfer> began_{*this, &UnaryInfer::began}, ended_{*this, &UnaryInfer::ended},
      finished_{*this, &UnaryInfer::finished};
};

}  // namespace

void await_infer(InferQueue& queue) { (new UnaryInfer(queue))->await(); }

}  // namespace engine::serve::rpc
