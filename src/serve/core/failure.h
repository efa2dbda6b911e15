// Why a request was not answered with tensors. Protocols map the codes to their own.
#pragma once

#include <engine/error.h>

#include <optional>
#include <string>

namespace engine::serve {

enum class Code {
  kInvalidArgument,
  kNotFound,
  kAlreadyExists,
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

inline const Failure kShutsDown{Code::kUnavailable, "the server shuts down"};

/// Of a request that could not be read.
Failure failure_of(const Error& error);

/// Cuts a message at 4 KiB: an error is no echo of the request, however long its names are.
void shorten(std::string& message);

/// The failure, shortened, whose message begins with the request's id, but for models that are not
/// there.
Failure with_id(Failure failure, const std::optional<std::string>& id);

}  // namespace engine::serve
