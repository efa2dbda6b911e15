#include "serve/core/request_parameters.h"

#include "serve/core/text.h"

#include <engine/error.h>

#include <algorithm>

namespace engine::serve {
namespace {

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

}  // namespace

std::uint64_t unsigned_parameter(std::string_view key, const Parameter& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  const auto* number = std::get_if<std::int64_t>(&value);
  if (!number) invalid("invalid value type for " + quote(key) + " parameter, expected an integer");
  if (*number < 0)
    invalid("invalid value for " + quote(key) + " parameter: expected value >= 0, got " +
            std::to_string(*number));
  return static_cast<std::uint64_t>(*number);
}

std::string_view text_parameter(std::string_view key, const Parameter& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return *text;
  invalid("invalid value type for " + quote(key) + " parameter, expected a string");
}

void set_parameter(Request& request, std::string_view key, const Parameter& value) {
  constexpr std::uint64_t kLongestTimeout = 1'000'000'000'000;
  if (key == "priority") {
    request.priority = unsigned_parameter(key, value);
  } else if (key == "timeout") {
    request.timeout = std::chrono::microseconds(
        static_cast<std::int64_t>(std::min(unsigned_parameter(key, value), kLongestTimeout)));
  } else if (key.starts_with("triton_") && key != "triton_enable_empty_final_response") {
    invalid("parameter keys starting with 'triton_' are reserved for Triton usage: " + quote(key));
  } else if (std::holds_alternative<std::monostate>(value)) {
    invalid("parameter " + quote(key) +
            " has invalid type. It should be either 'int', 'bool', or 'string'.");
  }
}

}  // namespace engine::serve
