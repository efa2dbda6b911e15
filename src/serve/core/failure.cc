#include "serve/core/failure.h"

namespace engine::serve {

void shorten(std::string& message) {
  constexpr std::size_t kMost = 4096;
  if (message.size() <= kMost) return;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0u) == 0x80u) --end;
  message.resize(end);
  message += "...";
}

Failure failure_of(const Error& error) {
  const bool unsupported = error.code() == ErrorCode::kUnsupported;
  const bool exhausted = error.code() == ErrorCode::kResourceExhausted;
  const bool missing = error.code() == ErrorCode::kNotFound;
  return {unsupported ? Code::kUnsupported
          : exhausted ? Code::kResourceExhausted
          : missing   ? Code::kNotFound
                      : Code::kInvalidArgument,
          error.what()};
}

Failure with_id(Failure failure, const std::optional<std::string>& id) {
  if (failure.code != Code::kNotFound)
    failure.message = "[request id: " + id.value_or("<id_unknown>") + "] " + failure.message;
  shorten(failure.message);
  return failure;
}

}  // namespace engine::serve
