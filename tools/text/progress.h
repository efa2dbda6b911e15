// A bar for work that lasts.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

namespace engine::tools {

/// Draws on standard error, only if that is a terminal and only after two seconds; wipes itself out
/// at the end. Thread-safe.
class Progress {
 public:
  Progress(std::string label, std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;

  /// `done` more are finished.
  void advance(std::size_t done = 1);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::size_t done);

  std::string label_;
  std::size_t total_;
  bool terminal_;
  bool drawn_ = false;
  std::atomic<std::size_t> done_{0};
  Clock::time_point next_;
  std::mutex mutex_;
};

}  // namespace engine::tools
