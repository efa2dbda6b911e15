#include "support/child.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace engine::test {
namespace {

void limit_memory([[maybe_unused]] std::size_t max_bytes) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit{max_bytes, max_bytes};
  setrlimit(RLIMIT_AS, &limit);
#endif
}

[[noreturn]] void be_the_child(int pipe, std::size_t max_bytes, unsigned seconds,
                               const std::function<std::string()>& action) noexcept {
  limit_memory(max_bytes);
  alarm(seconds);
  const std::string text = action();
  const bool written = write(pipe, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(written ? 0 : 1);
}

}  // namespace

ChildResult run_in_child(std::size_t max_bytes, unsigned seconds,
                         const std::function<std::string()>& action) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) be_the_child(ends[1], max_bytes, seconds, action);
  close(ends[1]);
  ChildResult result;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    result.text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

}  // namespace engine::test
