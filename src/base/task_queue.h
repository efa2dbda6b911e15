// Tasks that run later, one after another, on a thread of their own.
#pragma once

#include <functional>
#include <memory>
#include <thread>

namespace engine {

/// The thread starts with the first task. The destructor returns when all tasks have run; it may be
/// called from within a task (whose closure held the last owner): it then runs the rest itself.
class TaskQueue {
 public:
  TaskQueue();
  ~TaskQueue();
  TaskQueue(const TaskQueue&) = delete;

  /// Tasks must not throw. Thread-safe.
  void submit(std::function<void()> task);

  /// Announces a task: the destructor waits until it has come, by `submit_expected`, and has run.
  void expect();
  void submit_expected(std::function<void()> task);

 private:
  struct State;
  void start_thread();  // under the lock
  static void serve(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // outlives this on the thread
  std::thread thread_;
};

}  // namespace engine
