#include "serve/core/batcher.h"

#include "serve/core/request_check.h"

#include <algorithm>
#include <utility>

namespace engine::serve {
namespace {

// A thread that sleeps takes about as long to wake, and to be woken by.
constexpr std::chrono::microseconds kShort{100};

constexpr std::size_t kBytesOfARequest = 1024;  // what it takes beside its tensors, roughly

Time now() { return std::chrono::steady_clock::now(); }

// A wait until Time::max() would overflow.
void wait(std::condition_variable& condition, std::unique_lock<std::mutex>& lock, Time until) {
  if (until == Time::max()) condition.wait(lock);
  else condition.wait_until(lock, until);
}

Failure expired(const Pending& pending, Time now) {
  if (pending.request.deadline <= now)
    return {Code::kDeadlineExceeded, "the deadline passed before the request was begun"};
  return {Code::kUnavailable, "Request timeout expired"};
}

void to_client(const ServedTensors& tensors, Response& response) {
  try {
    tensors.to_client(response.outputs);
  } catch (const Error& error) {
    response = {{}, Failure{Code::kInvalidArgument, error.what()}, response.batch_rows};
  }
}

}  // namespace

Batcher::Batcher(std::string name, const Session& session, BatchLimits limits,
                 std::shared_ptr<MemoryBudget> memory, std::optional<ServedTensors> tensors)
    : name_(std::move(name)),
      session_(session),
      tensors_(tensors ? std::move(*tensors) : ServedTensors::of(session.model())),
      limits_(std::move(limits)),
      memory_(std::move(memory)),
      queue_(limits_) {
  for (int i = 0; i < instances(); ++i) threads_.emplace_back([this] { run_batches(); });
  threads_.emplace_back([this] { watch_expiries(); });
}

Batcher::~Batcher() { stop(); }

Ticket Batcher::submit(Request request, OnDone on_done) {
  if (const auto ticket = try_submit(request, on_done)) return *ticket;
  statistics_.add_rejected();
  on_done({{}, Failure{Code::kUnavailable, "the model is being unloaded"}, 0});
  return {};
}

std::optional<Ticket> Batcher::try_submit(Request& request, OnDone& on_done) {
  const auto pending = std::make_shared<Pending>();
  pending->request = std::move(request);
  pending->on_done = std::move(on_done);
  bool unloading = false;
  auto failure = accept(pending, unloading);
  if (unloading) {
    memory_->give_back(pending->charged);
    request = std::move(pending->request);
    on_done = std::move(pending->on_done);
    return {};
  }
  if (failure) {
    answer(*pending, {{}, std::move(failure), 0});
    return Ticket();
  }
  return Ticket(pending);
}

std::optional<Failure> Batcher::accept(const PendingPtr& pending, bool& unloading) {
  if (auto failure = check_request(name_, tensors_, limits_, *pending)) return failure;
  auto failure = enqueue(pending, unloading);
  if (failure) statistics_.add_rejected();
  return failure;
}

std::optional<Failure> Batcher::enqueue(const PendingPtr& pending, bool& unloading) {
  std::size_t bytes = kBytesOfARequest;
  for (const auto& [name, tensor] : pending->request.inputs) bytes += tensor.bytes();
  if (!memory_->take(bytes))
    return Failure{Code::kUnavailable,
                   "the requests of this server hold the memory that they may (" +
                       std::to_string(memory_->limit()) + " bytes; try again later)"};
  pending->charged = bytes;
  const std::lock_guard lock(mutex_);
  unloading = stopping_;
  if (unloading) return {};  // as it came, for another model
  tensors_.to_model(pending->request.inputs);
  if (auto failure = queue_.push(pending, now())) return failure;
  // Who ends a batch looks for the next.
  const bool is_helped = pending->request.helped && is_short();
  if (running_ < instances() && !is_helped) arrived_.notify_one();
  const Time expiry = std::min(pending->timeout, pending->request.deadline);
  if (expiry < watched_) {
    watched_ = expiry;
    expiry_.notify_one();
  }
  return {};
}

bool Batcher::cancel(const Ticket& ticket) {
  const PendingPtr pending = ticket.pending_.lock();
  if (!pending) return false;
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.remove(pending)) return false;
    if (queue_.size() == 0) all_begun_.notify_all();
  }
  give_up(pending, {Code::kCancelled, "the request was cancelled"});
  return true;
}

void Batcher::stop(Time give_up_at) {
  const std::lock_guard once(stop_mutex_);
  std::unique_lock lock(mutex_);
  stopping_ = true;
  arrived_.notify_all();
  while (queue_.size() != 0 && now() < give_up_at) wait(all_begun_, lock, give_up_at);
  const std::vector<PendingPtr> left = queue_.take_all();
  ended_ = true;
  arrived_.notify_all();
  expiry_.notify_all();
  lock.unlock();
  for (const PendingPtr& pending : left)
    give_up(pending, {Code::kUnavailable, "the model was unloaded before the request was begun"});
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  lock.lock();
  while (running_ != 0) all_begun_.wait(lock);  // helpers
}

std::size_t Batcher::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

// Whether what waits may run on a helper's thread.
bool Batcher::is_short() const {
  const auto took = estimate_.of(queue_.rows());
  return took.count() > 0 && took <= kShort && limits_.max_queue_delay.count() == 0;
}

// Takes a batch, unless as many run as may; to be ended.
std::vector<PendingPtr> Batcher::begin_batch(Time& wake) {
  wake = Time::max();
  if (running_ == instances()) return {};
  std::vector<PendingPtr> batch = queue_.take_batch(now(), wake, stopping_);
  if (batch.empty()) return batch;
  ++running_;
  if (queue_.size() == 0) all_begun_.notify_all();
  else if (running_ < instances()) arrived_.notify_one();  // perhaps enough for another
  return batch;
}

// Runs it without the lock.
void Batcher::run_begun(std::unique_lock<std::mutex>& lock, std::span<const PendingPtr> batch,
                        BatchRunner& runner) {
  Index rows = 0;
  for (const PendingPtr& pending : batch) rows += pending->rows;
  lock.unlock();
  const auto took = run(batch, runner);
  lock.lock();
  estimate_.add(rows, took);
  --running_;
  if (!stopping_) return;
  arrived_.notify_all();
  all_begun_.notify_all();
}

void Batcher::help() {
  constexpr int kMostBatches = 4;  // the caller has other work
  std::unique_lock lock(mutex_);
  for (int i = 0; i < kMostBatches && queue_.size() != 0 && is_short(); ++i) {
    Time wake;
    const std::vector<PendingPtr> batch = begin_batch(wake);
    if (batch.empty()) break;
    std::unique_ptr<BatchRunner> runner;
    if (helpers_.empty()) {
      runner = std::make_unique<BatchRunner>(session_, limits_.max_batch_size > 0);
    } else {
      runner = std::move(helpers_.back());
      helpers_.pop_back();
    }
    run_begun(lock, batch, *runner);
    helpers_.push_back(std::move(runner));
  }
  if (queue_.size() != 0 && running_ < instances()) arrived_.notify_one();
}

void Batcher::run_batches() {
  BatchRunner runner(session_, limits_.max_batch_size > 0);
  std::unique_lock lock(mutex_);
  while (true) {
    const Time time = now();
    if (time >= watched_) give_up_expired(lock, time);
    Time wake;
    const std::vector<PendingPtr> batch = begin_batch(wake);
    if (!batch.empty()) {
      run_begun(lock, batch, runner);
    } else {
      if (stopping_ && queue_.size() == 0) return;
      wait(arrived_, lock, wake);
    }
  }
}

void Batcher::watch_expiries() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    watched_ = queue_.next_expiry();
    if (now() < watched_) wait(expiry_, lock, watched_);
    else give_up_expired(lock, now());
  }
}

void Batcher::give_up_expired(std::unique_lock<std::mutex>& lock, Time time) {
  const std::vector<PendingPtr> list = queue_.take_expired(time);
  if (list.empty()) return;
  if (queue_.size() == 0) all_begun_.notify_all();
  lock.unlock();
  for (const PendingPtr& pending : list) give_up(pending, expired(*pending, time));
  lock.lock();
}

std::chrono::nanoseconds Batcher::run(std::span<const PendingPtr> batch, BatchRunner& runner) {
  const Time began = now();
  RunTimes times;
  std::vector<Response> responses = runner.run(batch, times);
  for (Response& response : responses) to_client(tensors_, response);
  const Time ended = now();
  statistics_.add_batch(batch, responses, began, ended, times);
  for (std::size_t i = 0; i < batch.size(); ++i) answer(*batch[i], std::move(responses[i]));
  return ended - began;
}

void Batcher::give_up(const PendingPtr& pending, Failure failure) {
  statistics_.add_unrun(*pending, failure.code, now());
  answer(*pending, {{}, std::move(failure), 0});
}

// What the request holds goes before its sender hears of it.
void Batcher::answer(Pending& pending, Response response) noexcept {
  pending.request.inputs.clear();
  memory_->give_back(std::exchange(pending.charged, 0));
  const OnDone on_done = std::move(pending.on_done);
  on_done(std::move(response));
}

}  // namespace engine::serve
