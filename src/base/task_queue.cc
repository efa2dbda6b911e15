#include "base/task_queue.h"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace engine {

struct TaskQueue::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> tasks;
  std::size_t expected = 0;
  bool closing = false;

  /// The next task; an empty one if the queue is closed, has none, and expects none.
  std::function<void()> take() {
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return !tasks.empty() || (closing && expected == 0); });
    if (tasks.empty()) return {};
    std::function<void()> task = std::move(tasks.front());
    tasks.pop_front();
    return task;
  }
};

TaskQueue::TaskQueue() : state_(std::make_shared<State>()) {}

TaskQueue::~TaskQueue() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->wake.notify_all();
  if (!thread_.joinable()) return;
  if (thread_.get_id() != std::this_thread::get_id()) {
    thread_.join();
    return;
  }
  serve(state_);
  thread_.detach();
}

void TaskQueue::start_thread() {
  if (!thread_.joinable()) thread_ = std::thread([state = state_] { serve(state); });
}

void TaskQueue::submit(std::function<void()> task) {
  const std::lock_guard lock(state_->mutex);
  start_thread();
  state_->tasks.push_back(std::move(task));
  state_->wake.notify_one();
}

void TaskQueue::expect() {
  const std::lock_guard lock(state_->mutex);
  start_thread();
  ++state_->expected;
}

void TaskQueue::submit_expected(std::function<void()> task) {
  const std::shared_ptr<State> state = state_;  // the task may end this
  const std::lock_guard lock(state->mutex);
  --state->expected;
  state->tasks.push_back(std::move(task));
  state->wake.notify_one();
}

void TaskQueue::serve(const std::shared_ptr<State>& state) {
  while (const std::function<void()> task = state->take()) task();
}

}  // namespace engine
