#include "ops/opencl/runtime/program_cache.h"

#include "base/cache_files.h"
#include "base/check.h"

#include <charconv>
#include <iomanip>
#include <sstream>

namespace engine::opencl {
namespace {

constexpr std::string_view kMagic = "engine opencl 1";
constexpr std::size_t kMostBytes = std::size_t{1} << 28;

// FNV-1a (Fowler, Noll, Vo).
std::uint64_t hash(std::string_view bytes) {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const char c : bytes) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return value;
}

std::string hex(std::uint64_t value) {
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << value;
  return text.str();
}

std::string header(std::uint64_t identity, const CachedProgram& cached) {
  std::string text = concat(kMagic, "\n", hex(identity), "\n", cached.launches.size(), "\n");
  for (const std::string& launch : cached.launches) text += launch + "\n";
  return text + concat(cached.binary.size(), "\n", hex(hash(cached.binary)), "\n");
}

// The line before the next end of a line, which is taken away with it.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<CachedProgram> parse(std::string_view text, std::uint64_t identity) {
  const auto line_is = [&](std::string_view wanted) { return take_line(text) == wanted; };
  const auto take_number = [&](std::size_t& number) {
    const auto line = take_line(text);
    if (!line) return false;
    const auto [at, error] = std::from_chars(line->data(), line->data() + line->size(), number);
    return error == std::errc() && at == line->data() + line->size();
  };
  CachedProgram cached;
  std::size_t launches = 0, bytes = 0;
  if (!line_is(kMagic) || !line_is(hex(identity)) || !take_number(launches)) return std::nullopt;
  for (std::size_t i = 0; i < launches; ++i) {
    const auto line = take_line(text);
    if (!line) return std::nullopt;
    cached.launches.emplace(*line);
  }
  if (!take_number(bytes)) return std::nullopt;
  const auto checksum = take_line(text);
  if (!checksum || text.size() != bytes || *checksum != hex(hash(text))) return std::nullopt;
  cached.binary = text;
  return cached;
}

}  // namespace

ProgramCache::ProgramCache(const std::string& program, const std::string& identity)
    : identity_(hash(identity)) {
  const std::filesystem::path folder = cache_folder();
  if (!folder.empty()) file_ = folder / "opencl" / (program + "-" + hex(identity_) + ".bin");
}

std::optional<CachedProgram> ProgramCache::load() const {
  std::string problem;
  const auto bytes = file_.empty() ? std::nullopt : read_file(file_, kMostBytes, problem);
  return bytes ? parse(*bytes, identity_) : std::nullopt;
}

void ProgramCache::store(const CachedProgram& cached) const noexcept {
  if (file_.empty()) return;
  try {
    std::filesystem::create_directories(file_.parent_path());
    replace_file(file_, header(identity_, cached) + cached.binary);
  } catch (const std::exception&) {  // no room, or no right: nothing is lost
  }
}

}  // namespace engine::opencl
