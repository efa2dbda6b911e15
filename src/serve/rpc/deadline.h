// Deadlines of calls on the clock of requests.
#pragma once

#include "serve/core/request.h"

#include <grpcpp/server_context.h>

namespace engine::serve::rpc {

/// Time::max() if the client has set none, or one that is beyond a year.
inline Time deadline_of(const ::grpc::ServerContext& context) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  if (left > std::chrono::hours(24 * 365)) return Time::max();
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(left);
}

}  // namespace engine::serve::rpc
