// SHA-256 of a file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace engine::serve {

/// In hexadecimal. Throws Error (kIo) if the file cannot be read; the message has no folder.
std::string sha256_of_file(const std::filesystem::path& file);

/// Of these bytes.
std::string sha256_of(std::string_view bytes);

}  // namespace engine::serve
