#include "serve/rpc/exchange.h"
#include "serve/rpc/infer_wire.h"
#include "serve/rpc/step.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <deque>

namespace engine::serve::rpc {
namespace {

constexpr std::size_t kMostUnanswered = 256;  // more are not read until some were written

// Owns itself: each operation and each request that is not answered holds it open. A request's
// answer is written by the thread that has it; the lock is never held while the repository works.
class StreamCall {
 public:
  explicit StreamCall(InferQueue& queue) : queue_(queue) {}

  void await() {
    context_.AsyncNotifyWhenDone(ended_.tag());
    queue_.service.RequestModelStreamInfer(&context_, &stream_, queue_.calls.get(),
                                           queue_.calls.get(), began_.tag());
  }

 private:
  struct Running {
    std::uint64_t number = 0;
    Exchange exchange = {};
    Ticket ticket = {};
  };
  using Requests = std::map<std::uint64_t, std::shared_ptr<Running>>;

  void began(bool ok) {
    if (!ok) {
      delete this;
      return;
    }
    ++queue_.counts.begun;
    await_stream(queue_);
    std::unique_lock lock(mutex_);
    open_ = 1;  // until `ended`
    proceed(lock);
  }

  void read(bool ok) {
    if (ok) take();
    std::unique_lock lock(mutex_);
    reading_ = false;
    read_all_ = !ok;
    --open_;
    proceed(lock);
  }

  void wrote(bool ok) {
    std::unique_lock lock(mutex_);
    writing_ = false;
    outgoing_.pop_front();
    --queue_.counts.unanswered;
    if (!ok) broken_ = true;
    --open_;
    proceed(lock);
  }

  void ended(bool) {
    Requests left;
    {
      const std::lock_guard lock(mutex_);
      broken_ = true;
      left = running_;
    }
    for (const auto& [number, request] : left)
      if (request->exchange.model) request->exchange.model->batcher().cancel(request->ticket);
    std::unique_lock lock(mutex_);
    --open_;
    proceed(lock);
  }

  void finished(bool) {
    std::unique_lock lock(mutex_);
    --open_;
    proceed(lock);
  }

  // Begins what can be begun; the last to leave ends the call.
  void proceed(std::unique_lock<std::mutex>& lock) {
    if (broken_ && !writing_) {
      queue_.counts.unanswered -= std::ssize(outgoing_);
      outgoing_.clear();
    }
    if (!writing_ && !outgoing_.empty()) {
      writing_ = true;
      ++open_;
      stream_.Write(outgoing_.front(), wrote_.tag());
    }
    if (!reading_ && !read_all_ && running_.size() + outgoing_.size() < kMostUnanswered) {
      reading_ = true;
      ++open_;
      stream_.Read(&incoming_, read_.tag());
    }
    if (read_all_ && running_.empty() && outgoing_.empty() && !finishing_) {
      finishing_ = true;
      ++open_;
      stream_.Finish(::grpc::Status::OK, finished_.tag());
    }
    if (open_ != 0 || !running_.empty()) return;
    lock.unlock();
    CallCounts& counts = queue_.counts;
    delete this;
    --counts.begun;
  }

  // Submits the request that was read.
  void take() {
    const auto running = std::make_shared<Running>();
    ++queue_.counts.unanswered;
    {
      const std::lock_guard lock(mutex_);
      running->number = next_++;
      running_.emplace(running->number, running);
    }
    Ticket ticket;
    const ::grpc::Status status = running->exchange.submit(
        queue_, incoming_, context_,
        [this, running](Response response) { answer(*running, std::move(response)); }, ticket);
    if (!status.ok()) return refuse(*running, status.error_message());
    const std::lock_guard lock(mutex_);
    running->ticket = std::move(ticket);
  }

  // On a model's thread, or within `take`.
  void answer(const Running& running, Response response) {
    ::grpc::ByteBuffer buffer;
    const ::grpc::Status status =
        running.exchange.encode(std::move(response), queue_.memory, true, buffer);
    if (status.ok()) write(running, std::move(buffer));
    else refuse(running, status.error_message());
  }

  void refuse(const Running& running, const std::string& message) {
    write(running, encode_stream_failure(message, running.exchange.id.value_or("")));
  }

  void write(const Running& running, ::grpc::ByteBuffer buffer) {
    std::unique_lock lock(mutex_);
    running_.erase(running.number);
    outgoing_.push_back(std::move(buffer));
    proceed(lock);
  }

  InferQueue& queue_;
  ::grpc::ServerContext context_;
  ::grpc::ServerAsyncReaderWriter<::grpc::ByteBuffer, ::grpc::ByteBuffer> stream_{&context_};
  std::mutex mutex_;
  ::grpc::ByteBuffer incoming_;
  std::deque<::grpc::ByteBuffer> outgoing_;
  Requests running_;
  std::uint64_t next_ = 0;
  int open_ = 0;  // operations whose end has not been reported
  bool reading_ = false, read_all_ = false, writing_ = false, broken_ = false, finishing_ = false;
  MemberStep<StreamCall> began_{*this, &StreamCall::began}, read_{*this, &StreamCall::read},
      wrote_{*this, &StreamCall::wrote}, ended_{*this, &StreamCall::ended},
      finished_{*this, &StreamCall::finished};
};

}  // namespace

void await_stream(InferQueue& queue) { (new StreamCall(queue))->await(); }

}  // namespace engine::serve::rpc
