// Something dangerous in a process of its own: a crash, a hang or a lot of memory is a result.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace engine::test {

struct ChildResult {
  int signal = 0;    ///< that ended it; SIGALRM if it took too long
  std::string text;  ///< what `action` returned
};

/// Runs `action` in a forked child with at most `max_bytes` of address space (not under sanitizers,
/// which need more for themselves) and `seconds`. Exceptions of `action` end the child by SIGABRT.
ChildResult run_in_child(std::size_t max_bytes, unsigned seconds,
                         const std::function<std::string()>& action);

}  // namespace engine::test
