#include "serve/rpc/health.h"

#include "serve/rpc/step.h"

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

namespace engine::serve::rpc {
namespace {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

constexpr std::chrono::seconds kBetweenLooks{1};

// Owns itself. One of `wrote`, `looked` and `finished` is awaited until it ends, and `ended`.
class WatchCall {
 public:
  WatchCall(HealthWatch& watch, ::grpc::ServerCompletionQueue* queue)
      : watch_(watch), queue_(queue) {}

  void await() {
    context_.AsyncNotifyWhenDone(ended_.tag());
    watch_.service.RequestWatch(&context_, &request_, &writer_, queue_, queue_, began_.tag());
  }

 private:
  void began(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    ++watch_.counts.begun;
    await_watch(watch_, queue_);
    write();
  }

  void write() {
    const HealthCheckResponse now = health_of(watch_.repository, watch_.control);
    said_ = now.status();
    writer_.Write(now, wrote_.tag());
  }

  void wrote(bool ok) {
    if (ok && !over_ && (said_ == HealthCheckResponse::SERVING || watch_.repository.accepting()))
      look_later();
    else finish();
  }
  void look_later() {
    alarm_.Set(queue_, std::chrono::system_clock::now() + kBetweenLooks, looked_.tag());
  }
  void looked(bool) {
    if (over_) finish();
    else if (health_of(watch_.repository, watch_.control).status() != said_) write();
    else look_later();
  }
  void finish() { writer_.Finish(::grpc::Status::CANCELLED, finished_.tag()); }
  void finished(bool) { leave(); }
  void ended(bool) {
    over_ = true;
    alarm_.Cancel();
    leave();
  }
  void leave() {
    if (--open_ != 0) return;
    CallCounts& counts = watch_.counts;
    delete this;
    --counts.begun;
  }

  HealthWatch& watch_;
  ::grpc::ServerCompletionQueue* const queue_;
  ::grpc::ServerContext context_;
  HealthCheckRequest request_;
  ::grpc::ServerAsyncWriter<HealthCheckResponse> writer_{&context_};
  ::grpc::Alarm alarm_;
  HealthCheckResponse::ServingStatus said_ = HealthCheckResponse::UNKNOWN;
  bool over_ = false;
  int open_ = 2;  // of `ended` and `finished`, which one thread reports
  MemberStep<WatchCall> began_{*this, &WatchCall::began}, wrote_{*this, &WatchCall::wrote},
      looked_{*this, &WatchCall::looked}, finished_{*this, &WatchCall::finished},
      ended_{*this, &WatchCall::ended};
};

}  // namespace

HealthCheckResponse health_of(const Repository& repository, const ModelControl* control) {
  HealthCheckResponse response;
  response.set_status(is_ready(repository, control) ? HealthCheckResponse::SERVING
                                                    : HealthCheckResponse::NOT_SERVING);
  return response;
}

void await_watch(HealthWatch& watch, ::grpc::ServerCompletionQueue* queue) {
  (new WatchCall(watch, queue))->await();
}

}  // namespace engine::serve::rpc
