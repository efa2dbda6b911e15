// The parameters of a request, as the protocol of KServe and Triton's extensions name them.
#pragma once

#include "serve/core/request.h"

#include <string_view>
#include <variant>

namespace engine::serve {

/// A value that a client sent; nothing if it has none of these types.
using Parameter =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string_view>;

/// Sets what a parameter asks for: `priority`, `timeout` (in microseconds). Others are taken and
/// mean nothing here, but for those that begin with "triton_", which are reserved. Throws Error
/// (kInvalidArgument) in Triton's words.
void set_parameter(Request& request, std::string_view key, const Parameter& value);

/// The value of a parameter that must be an integer that is not negative. Throws Error
/// (kInvalidArgument).
std::uint64_t unsigned_parameter(std::string_view key, const Parameter& value);

/// The value of a parameter that must be a text, which the caller's value keeps. Throws Error
/// (kInvalidArgument).
std::string_view text_parameter(std::string_view key, const Parameter& value);

}  // namespace engine::serve
