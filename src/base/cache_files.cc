#include "base/cache_files.h"

#include "base/check.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace engine {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_to_write(const fs::path& file) {
  fail(ErrorCode::kIo, "cannot write ", quote(file.string()), " (", std::strerror(errno), ")");
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

fs::path cache_folder() {
  const auto absolute = [](const char* name) {
    const char* value = std::getenv(name);
    return value && value[0] == '/' ? fs::path(value) : fs::path();
  };
  fs::path folder = absolute("XDG_CACHE_HOME");
  if (folder.empty()) {
    folder = absolute("HOME");
    if (folder.empty()) return {};
    folder /= ".cache";
  }
  return folder / "engine";
}

std::optional<std::string> read_file(const fs::path& file, std::size_t most_bytes,
                                     std::string& problem) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    problem = "it is no regular file";
    return std::nullopt;
  }
  std::ifstream stream(file, std::ios::binary);
  std::string bytes;
  char part[1 << 16];
  while (bytes.size() <= most_bytes && stream) {
    stream.read(part, sizeof(part));
    bytes.append(part, static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad() || (!stream && !stream.eof())) problem = "it cannot be read";
  else if (bytes.size() > most_bytes) problem = concat("it has more than ", most_bytes, " bytes");
  else return bytes;
  return std::nullopt;
}

void replace_file(const fs::path& file, std::string_view bytes) {
  std::string name = file.string() + ".XXXXXX";
  const Descriptor to(mkstemp(name.data()));
  if (to.get() < 0) fail_to_write(file);
  if (write_all(to.get(), bytes) && fchmod(to.get(), 0644) == 0 &&
      rename(name.c_str(), file.c_str()) == 0)
    return;
  const int reason = errno;
  unlink(name.c_str());
  errno = reason;
  fail_to_write(file);
}

}  // namespace engine
