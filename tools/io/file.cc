#include "tools/io/file.h"

#include "base/check.h"
#include "base/text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace engine::tools {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File open(const std::filesystem::path& file, const char* mode) {
  File handle(std::fopen(file.c_str(), mode), std::fclose);
  if (handle) return handle;
  const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  fail(code, "cannot open ", quote(file.string()), " (", std::strerror(errno), ")");
}

[[noreturn]] void fail_io(const std::filesystem::path& file, const char* what) {
  fail(ErrorCode::kIo, "cannot ", what, " ", quote(file.string()), " (", std::strerror(errno), ")");
}

}  // namespace

Bytes read_file(const std::filesystem::path& file, std::size_t max_bytes) {
  std::error_code unknown;
  const auto kind = std::filesystem::status(file, unknown).type();
  ENGINE_REQUIRE(
      kind == std::filesystem::file_type::regular || kind == std::filesystem::file_type::not_found,
      ErrorCode::kInvalidArgument, quote(file.string()),
      " is no regular file (folders, pipes and devices are not read)");
  const File handle = open(file, "rb");
  Bytes bytes;
  const auto size = std::filesystem::file_size(file, unknown);
  if (!unknown && size <= max_bytes) bytes.reserve(size + 1);
  constexpr std::size_t kChunk = std::size_t{1} << 20;
  for (std::size_t got = 1; got > 0;) {
    const std::size_t end = bytes.size();
    const std::size_t room = std::max(kChunk, bytes.capacity() - end);
    bytes.resize(end + room);
    got = std::fread(bytes.data() + end, 1, room, handle.get());
    bytes.resize(end + got);
    if (std::ferror(handle.get())) fail_io(file, "read");
    ENGINE_REQUIRE(bytes.size() <= max_bytes, ErrorCode::kResourceExhausted, quote(file.string()),
                   " is larger than ", max_bytes, " bytes (the limit for one file)");
  }
  return bytes;
}

void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  File handle = open(file, "wb");
  const bool complete = std::fwrite(bytes.data(), 1, bytes.size(), handle.get()) == bytes.size();
  if (!complete || std::fclose(handle.release()) != 0) fail_io(file, "write");
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  write_file(file, std::as_bytes(std::span(text)));
}

}  // namespace engine::tools
