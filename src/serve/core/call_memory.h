// The memory of a bound call without its element type.
#pragma once

#include <engine/session.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace engine::serve {

/// Throws Error (kInvalidArgument) for strings, which bound calls do not have.
std::span<std::byte> input_bytes(BoundCall& call, std::string_view name, DType dtype);
std::span<const std::byte> output_bytes(const BoundCall& call, std::string_view name, DType dtype);

}  // namespace engine::serve
