// NumPy's .npz files: ZIP archives of .npy members, stored or deflated.
//
// Format: PKWARE APPNOTE 6.3.10, with ZIP64. Files are not trusted: no size that a directory claims
// is believed beyond what the compressed bytes can hold, and checksums are verified.
#pragma once

#include "tools/io/file.h"

#include <engine/tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine::tools {

/// An archive in memory. Members are decompressed when they are read.
class Npz {
 public:
  /// Throws Error (kInvalidArgument, and kUnsupported for encryption and other compressions).
  Npz(Bytes bytes, std::string name);
  static Npz open(const std::filesystem::path& file);

  /// Names without ".npy", in the order of the archive.
  std::vector<std::string> names() const;
  bool has(std::string_view member) const noexcept;

  /// Throws Error: kInvalidArgument (no such member, listing those there are; damaged),
  /// kResourceExhausted (larger than 4 GiB).
  Tensor read(std::string_view member) const;

 private:
  struct Entry {
    std::string name;
    std::uint16_t flags = 0, method = 0;
    std::uint32_t crc = 0;
    std::uint64_t packed = 0, size = 0, offset = 0;  ///< bytes; offset of the local header
  };
  struct Directory {
    std::uint64_t offset = 0, bytes = 0, entries = 0;
  };
  const Entry* find(std::string_view member) const noexcept;
  Directory find_directory() const;
  void read_directory(const Directory& directory);
  std::size_t read_entry(std::size_t at, std::size_t end);
  void read_zip64(Entry& entry, std::size_t at, std::size_t end) const;
  std::span<const std::byte> packed_bytes(const Entry& entry) const;
  Bytes unpack(const Entry& entry) const;
  std::uint64_t number(std::uint64_t at, int bytes) const;
  [[noreturn]] void damaged(const std::string& why) const;

  Bytes bytes_;
  std::string name_;
  std::vector<Entry> entries_;
};

}  // namespace engine::tools
