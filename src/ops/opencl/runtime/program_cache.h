// Binaries of programs, kept between processes in the user's cache folder.
//
// A file has a header of our own: a checksum of all that follows, what it was built for, and which
// kernels it has run. All of it is verified before a driver sees the binary, since drivers may
// crash on a damaged one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace engine::opencl {

struct CachedProgram {
  std::string binary;
  /// Launches ("kernel 1x1x1") that the binary has native code for.
  std::set<std::string> launches;
};

/// A file of the cache.
std::string cache_bytes(std::uint64_t identity, const CachedProgram& cached);
/// What it holds; nothing if a bit of it is wrong or if it is of another identity.
std::optional<CachedProgram> parse_cache(std::string_view bytes, std::uint64_t identity);
/// What a file has before `content`, which it makes valid: the name of the format and a checksum.
std::string cache_seal(std::string_view content);

class ProgramCache {
 public:
  /// `identity` names everything that the binary depends on: device, driver, options, source.
  ProgramCache(const std::string& program, const std::string& identity);

  /// Nothing if there is no file, or one that is damaged or of another identity.
  std::optional<CachedProgram> load() const;
  /// Does nothing where there is no folder or it cannot be written: the next process builds again.
  void store(const CachedProgram& cached) const noexcept;

  const std::filesystem::path& file() const noexcept { return file_; }

 private:
  std::uint64_t identity_;
  std::filesystem::path file_;
};

}  // namespace engine::opencl
