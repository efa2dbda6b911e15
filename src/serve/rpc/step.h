// What a completion queue reports, and to whom.
#pragma once

#include <atomic>
#include <cstdint>

namespace engine::serve::rpc {

/// The end of an operation that a call has begun: its tag. One operation at a time.
class Step {
 public:
  virtual ~Step() = default;

  /// The tag to begin an operation with.
  void* tag() noexcept {
    turn_.store(0, std::memory_order_release);
    return static_cast<Step*>(this);
  }
  /// On the queue's thread. The pair of store and load orders what both threads do, as gRPC's own
  /// locks do, which a thread sanitizer does not see.
  void finish(bool ok) {
    turn_.load(std::memory_order_acquire);
    done(ok);
  }

 private:
  virtual void done(bool ok) = 0;
  std::atomic<int> turn_ = 0;
};

/// What a server waits for when it ends.
struct CallCounts {
  std::atomic<std::int64_t> begun = 0;       ///< calls that came and are not gone
  std::atomic<std::int64_t> unanswered = 0;  ///< requests whose answer is not written
};

/// One that calls a member of its call.
template <class Call>
class MemberStep final : public Step {
 public:
  using Then = void (Call::*)(bool ok);
  MemberStep(Call& call, Then then) : call_(call), then_(then) {}

 private:
  void done(bool ok) override { (call_.*then_)(ok); }
  Call& call_;
  const Then then_;
};

}  // namespace engine::serve::rpc
