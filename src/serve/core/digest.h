// Checksums of files and bytes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace engine::serve {

enum class Digest { kSha256, kMd5 };

/// In hexadecimal. Throws Error (kIo) if the file cannot be read; the message has no folder.
std::string digest_of_file(const std::filesystem::path& file, Digest digest);

/// Of these bytes.
std::string digest_of(std::string_view bytes, Digest digest);

}  // namespace engine::serve
