// Compressed bodies.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace engine::serve::http {

/// Content-Encoding (RFC 9110, section 8.4.1): gzip, or zlib's format, which is called deflate.
enum class Coding { kGzip, kDeflate };

const char* name_of(Coding coding) noexcept;

/// The coding of a Content-Encoding; nothing if this server does not have it.
std::optional<Coding> parse_coding(std::string_view name) noexcept;

/// The best that an Accept-Encoding allows of the two; nothing if it allows none.
std::optional<Coding> accepted_coding(std::string_view accept_encoding);

/// The bytes that were packed. Throws Error: kInvalidArgument if they are damaged, cut, or followed
/// by something else, kResourceExhausted as soon as they are more than `most`.
std::string unpack(std::string_view packed, Coding coding, std::size_t most);

/// The parts, one behind the other, packed. Throws std::bad_alloc.
std::string pack(std::span<const std::string_view> parts, Coding coding);

}  // namespace engine::serve::http
