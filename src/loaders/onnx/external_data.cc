#include "loaders/onnx/external_data.h"

#include "base/check.h"
#include "base/text.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace engine::onnx {
namespace {

struct Location {
  std::string path;
  Index offset = 0;
  std::optional<Index> length;
};

Index parse_number(std::string_view key, std::string_view text) {
  Index value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  ENGINE_VALIDATE(error == std::errc{} && end == text.data() + text.size() && value >= 0, key,
                  " of its external data is ", quote(text),
                  ", not a non-negative number of 63 bits");
  return value;
}

// The checksum is optional in ONNX and not verified.
Location parse_entries(const ExternalFolder::Entries& entries) {
  Location location;
  bool has_path = false, has_offset = false, has_checksum = false;
  for (const pb::StringStringEntryProto& entry : entries) {
    const std::string& key = entry.key();
    bool repeated = false;
    if (key == "location") {
      repeated = std::exchange(has_path, true);
      location.path = entry.value();
    } else if (key == "offset") {
      repeated = std::exchange(has_offset, true);
      location.offset = parse_number(key, entry.value());
    } else if (key == "length") {
      repeated = location.length.has_value();
      location.length = parse_number(key, entry.value());
    } else if (key == "checksum") {
      repeated = std::exchange(has_checksum, true);
    } else {
      fail(ErrorCode::kInvalidModel, "unknown key ", quote(key),
           " in its external data (location, offset, length and checksum are known)");
    }
    ENGINE_VALIDATE(!repeated, "key ", key, " appears twice in its external data");
  }
  ENGINE_VALIDATE(!location.path.empty(), "its external data have no location");
  return location;
}

// The folders and the file name, without empty and "." components.
std::vector<std::string> safe_components(std::string_view path) {
  ENGINE_VALIDATE(path.find('\0') == std::string_view::npos, "external data path ", quote(path),
                  " holds a zero byte");
  ENGINE_VALIDATE(path[0] != '/', "external data path ", quote(path),
                  " is absolute (it must be relative to the model's folder)");
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    ENGINE_VALIDATE(part != "..", "external data leave the model's folder: the path contains '..'");
    if (!part.empty() && part != ".") components.emplace_back(part);
  }
  ENGINE_VALIDATE(!components.empty(), "external data path is a folder, not a regular file");
  return components;
}

constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;

// For kernels without openat2: every step on its own, none through a link.
int open_stepwise(int folder, const std::vector<std::string>& components) {
  int at = ::dup(folder);
  for (std::size_t i = 0; i < components.size() && at >= 0; ++i) {
    const bool last = i + 1 == components.size();
    const int flags = last ? kFlags : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int next = ::openat(at, components[i].c_str(), flags);
    const int error = errno;
    ::close(at);
    errno = error;
    at = next;
  }
  return at;
}

int open_beneath(int folder, const std::vector<std::string>& components) {
  const std::string path = join(components, "/");
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  return open_stepwise(folder, components);
}

[[noreturn]] void fail_open(int error, const std::string& name) {
  if (error == ENOENT || error == ENOTDIR)
    fail(ErrorCode::kNotFound, "external data file ", name, " is missing");
  if (error == ELOOP || error == EXDEV)
    fail(ErrorCode::kInvalidModel, "external data file ", name,
         " is reached through a symbolic link (links could leave the model's folder)");
  if (error == ENXIO)  // a socket, or a device without driver
    fail(ErrorCode::kInvalidModel, "external data file ", name, " is not a regular file");
  fail(ErrorCode::kIo, "cannot open external data file ", name, " (", std::strerror(error), ")");
}

Index checked_size(int fd, const std::string& name) {
  struct stat info {};
  ENGINE_REQUIRE(::fstat(fd, &info) == 0, ErrorCode::kIo, "cannot read external data file ", name);
  ENGINE_VALIDATE(S_ISREG(info.st_mode), "external data file ", name, " is not a regular file");
  ENGINE_VALIDATE(info.st_nlink == 1, "external data file ", name, " has ", info.st_nlink,
                  " hard links (it could be a file of another folder) copy it");
  return info.st_size;
}

}  // namespace

ExternalFile::ExternalFile(ExternalFile&& other) noexcept
    : offset(other.offset),
      length(other.length),
      fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)) {}

ExternalFile::~ExternalFile() {
  if (fd_ >= 0) ::close(fd_);
}

void ExternalFile::read(void* memory) const {
  auto* out = static_cast<char*>(memory);
  Index done = 0;
  while (done < length) {
    const ssize_t count = ::pread(fd_, out + done, static_cast<std::size_t>(length - done),
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    ENGINE_REQUIRE(count > 0, ErrorCode::kIo, "cannot read external data file ", name_, " (",
                   count < 0 ? std::strerror(errno) : "it ends early", ")");
    done += count;
  }
}

ExternalFolder::ExternalFolder(const std::filesystem::path& folder)
    : fd_(::open(folder.empty() ? "." : folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  ENGINE_REQUIRE(fd_ >= 0, ErrorCode::kIo, "cannot open the model's folder (", std::strerror(errno),
                 ")");
}

ExternalFolder::~ExternalFolder() { ::close(fd_); }

ExternalFile ExternalFolder::open(const Entries& entries) const {
  const Location location = parse_entries(entries);
  const std::vector<std::string> components = safe_components(location.path);
  const std::string name = quote(location.path);
  const int fd = open_beneath(fd_, components);
  if (fd < 0) fail_open(errno, name);
  ExternalFile file(fd, name);
  const Index size = checked_size(fd, name);
  Index end;
  file.offset = location.offset;
  file.length = location.length.value_or(std::max<Index>(size - location.offset, 0));
  ENGINE_VALIDATE(!__builtin_add_overflow(file.offset, file.length, &end), "offset ", file.offset,
                  " + length ", file.length, " of its external data overflows 64 bits");
  ENGINE_VALIDATE(end <= size, "offset ", file.offset, " + length ", file.length, " > file size ",
                  size, " of external data file ", name);
  return file;
}

}  // namespace engine::onnx
