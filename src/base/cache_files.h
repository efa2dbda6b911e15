// Files in the user's cache folder, which several processes may read and write at once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace engine {

/// $XDG_CACHE_HOME/engine, else ~/.cache/engine; empty if neither variable is an absolute path.
std::filesystem::path cache_folder();

/// The whole file if it is a regular one of at most `most_bytes`; else nothing, and why in
/// `problem`.
std::optional<std::string> read_file(const std::filesystem::path& file, std::size_t most_bytes,
                                     std::string& problem);

/// Writes a file beside it, which then takes its place: others see the old one or the new one,
/// never a part. Throws Error (kIo).
void replace_file(const std::filesystem::path& file, std::string_view bytes);

/// A POSIX file descriptor that is closed in the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace engine
