// A call with one request and one response, which are messages.
#pragma once

#include "serve/rpc/status.h"
#include "serve/rpc/step.h"

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <functional>
#include <memory>

namespace engine::serve::rpc {

/// Runs a piece of work on another thread, soon; false if it has too much to do.
using Executor = std::function<bool(std::function<void()>)>;

/// How a method's calls are taken and answered. Lives as long as the server.
template <class Request, class Response>
struct UnaryMethod {
  CallCounts& counts;
  using Writer = ::grpc::ServerAsyncResponseWriter<Response>;
  std::function<void(::grpc::ServerContext*, Request*, Writer*, ::grpc::ServerCompletionQueue*,
                     void* tag)>
      await = {};
  std::function<::grpc::Status(const Request&, Response&)> handle = {};
  Executor executor = {};  ///< where `handle` runs; empty: on the queue's thread
};

/// Owns itself: waits for a call, answers it and is gone; another waits from when it began.
template <class Request, class Response>
class UnaryCall {
 public:
  using Method = UnaryMethod<Request, Response>;

  static void await(std::shared_ptr<const Method> method, ::grpc::ServerCompletionQueue* queue) {
    auto* call = new UnaryCall(std::move(method), queue);
    call->method_->await(&call->context_, &call->request_, &call->writer_, queue,
                         call->began_.tag());
  }

 private:
  UnaryCall(std::shared_ptr<const Method> method, ::grpc::ServerCompletionQueue* queue)
      : method_(std::move(method)), queue_(queue) {}

  void began(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    ++method_->counts.begun;
    await(method_, queue_);
    if (!method_->executor) return answer();
    if (!method_->executor([this] { answer(); }))
      writer_.FinishWithError({::grpc::StatusCode::UNAVAILABLE, "too many calls of this kind wait"},
                              finished_.tag());
  }

  void answer() {
    Response response;
    const ::grpc::Status status = guarded([&] { return method_->handle(request_, response); });
    if (status.ok()) writer_.Finish(response, status, finished_.tag());
    else writer_.FinishWithError(status, finished_.tag());
  }

  void finished(bool) {
    CallCounts& counts = method_->counts;
    delete this;
    --counts.begun;
  }

  const std::shared_ptr<const Method> method_;
  ::grpc::ServerCompletionQueue* const queue_;
  ::grpc::ServerContext context_;
  Request request_;
  typename Method::Writer writer_{&context_};
  MemberStep<UnaryCall> began_{*this, &UnaryCall::began}, finished_{*this, &UnaryCall::finished};
};

}  // namespace engine::serve::rpc
