// Whole files in and out.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace engine::tools {

using Bytes = std::vector<std::byte>;

/// The file, from beginning to end. Throws Error: kNotFound, kIo, and kResourceExhausted beyond
/// `max_bytes`, which is noticed before that much is read.
Bytes read_file(const std::filesystem::path& file, std::size_t max_bytes = std::size_t{4} << 30);

/// Writes or replaces the file. Throws Error (kIo).
void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace engine::tools
