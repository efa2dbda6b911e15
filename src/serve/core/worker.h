// One thread for what takes too long for the threads that serve connections.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace engine::serve {

/// Runs jobs one after another, in the order they came in. Thread-safe.
class Worker {
 public:
  /// Takes up to `most` jobs that wait.
  explicit Worker(std::size_t most);
  /// Runs what it has taken first. Not to be called from a job.
  ~Worker();
  Worker(const Worker&) = delete;

  /// Takes the job, which must not throw; false if too many wait.
  bool post(std::function<void()> job);

 private:
  void run();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace engine::serve
