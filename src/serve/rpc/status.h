// Failures in gRPC's codes.
#pragma once

#include "serve/core/failure.h"

#include <grpcpp/support/status.h>

namespace engine::serve::rpc {

::grpc::Status status_of(const Failure& failure);

/// Runs a part of a call; what it throws becomes a status.
template <class Work>
::grpc::Status guarded(const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    return status_of(failure_of(error));
  } catch (const std::bad_alloc&) {
    return status_of({Code::kResourceExhausted, "out of memory"});
  }
}

}  // namespace engine::serve::rpc
