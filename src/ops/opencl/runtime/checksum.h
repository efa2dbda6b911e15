// Checksums that find damage; they keep nobody out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::opencl {

/// FNV-1a (Fowler, Noll, Vo).
std::uint64_t checksum(std::string_view bytes) noexcept;

/// 16 hexadecimal digits.
std::string hex(std::uint64_t value);

}  // namespace engine::opencl
