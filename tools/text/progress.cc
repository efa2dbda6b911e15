#include "tools/text/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace engine::tools {

using namespace std::chrono_literals;

Progress::Progress(std::string label, std::size_t total)
    : label_(std::move(label)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + 2s) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::advance(std::size_t done) {
  const std::size_t now_done = done_ += done;
  if (!terminal_) return;
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + 100ms;
  draw(now_done);
}

void Progress::draw(std::size_t done) {
  constexpr std::size_t kWidth = 30;
  const std::size_t filled = total_ ? std::min(kWidth, done * kWidth / total_) : 0;
  const std::string bar = std::string(filled, '=') + std::string(kWidth - filled, ' ');
  std::fprintf(stderr, "\r%s [%s] %zu/%zu\033[K", label_.c_str(), bar.c_str(), done, total_);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace engine::tools
