// The paths about shared memory.
#pragma once

#include "serve/core/shared_memory.h"
#include "serve/http/message.h"

#include <optional>
#include <string>
#include <string_view>

namespace engine::serve::http {

/// /v2/systemsharedmemory[/region/NAME]/ACTION, or the same of cudasharedmemory.
struct MemoryPath {
  bool cuda = false;
  std::string region = {}, action = {};  ///< "status", "register" or "unregister"; no region: all
};
std::optional<MemoryPath> parse_memory_path(std::string_view path);

/// Answers a request for one. `memory` is null if clients have none.
HttpResponse handle_memory(const MemoryPath& path, const HttpRequest& request,
                           SharedMemory* memory);

}  // namespace engine::serve::http
