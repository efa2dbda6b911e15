// Why a request was not answered with tensors. Protocols map the codes to their own.
#pragma once

#include <string>

namespace engine::serve {

enum class Code {
  kInvalidArgument,
  kNotFound,
  kUnavailable,        ///< refused for now: a full queue, a shutdown, a policy's timeout
  kDeadlineExceeded,   ///< the request's own deadline
  kCancelled,          ///< by who sent it
  kResourceExhausted,  ///< a budget of memory or iterations is used up
  kUnsupported,
  kInternal
};

struct Failure {
  Code code = Code::kInternal;
  std::string message;
};

}  // namespace engine::serve
