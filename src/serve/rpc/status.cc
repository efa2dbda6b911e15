#include "serve/rpc/status.h"

namespace engine::serve::rpc {

::grpc::Status status_of(const Failure& failure) {
  using ::grpc::StatusCode;
  StatusCode code = StatusCode::INTERNAL;
  switch (failure.code) {
    case Code::kInvalidArgument: code = StatusCode::INVALID_ARGUMENT; break;
    case Code::kNotFound: code = StatusCode::NOT_FOUND; break;
    case Code::kAlreadyExists: code = StatusCode::ALREADY_EXISTS; break;
    case Code::kUnavailable: code = StatusCode::UNAVAILABLE; break;
    case Code::kDeadlineExceeded: code = StatusCode::DEADLINE_EXCEEDED; break;
    case Code::kCancelled: code = StatusCode::CANCELLED; break;
    case Code::kResourceExhausted: code = StatusCode::RESOURCE_EXHAUSTED; break;
    case Code::kUnsupported: code = StatusCode::UNIMPLEMENTED; break;
    case Code::kInternal: break;
  }
  return {code, failure.message};
}

}  // namespace engine::serve::rpc
