// Raw deflate streams of known length, and the checksum of ZIP archives.
#pragma once

#include "tools/io/file.h"

#include <cstdint>
#include <span>

namespace engine::tools {

/// Unpacks into `out`; false unless the stream is sound, uses all of `packed` and gives exactly
/// `size` bytes. A size that no stream of that length can reach is refused before memory is taken.
bool inflate(std::span<const std::byte> packed, std::uint64_t size, Bytes& out);

std::uint32_t crc32_of(std::span<const std::byte> bytes);

}  // namespace engine::tools
