#include "ops/opencl/runtime/program_cache.h"

#include "base/cache_files.h"
#include "base/check.h"
#include "ops/opencl/runtime/checksum.h"

#include <charconv>

namespace engine::opencl {
namespace {

constexpr std::string_view kMagic = "engine opencl 1";
constexpr std::size_t kMostBytes = std::size_t{1} << 28;

// The line before the next end of a line, which is taken away with it.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

bool to_number(std::string_view text, std::size_t& number) {
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && at == text.data() + text.size();
}

}  // namespace

std::string cache_seal(std::string_view content) {
  return concat(kMagic, "\n", hex(checksum(content)), "\n");
}

std::string cache_bytes(std::uint64_t identity, const CachedProgram& cached) {
  std::string content = concat(hex(identity), "\n", cached.launches.size(), "\n");
  for (const std::string& launch : cached.launches) content += launch + "\n";
  content += cached.binary;
  return cache_seal(content) + content;
}

std::optional<CachedProgram> parse_cache(std::string_view bytes, std::uint64_t identity) {
  std::string_view rest = bytes;
  const auto magic = take_line(rest), sum = take_line(rest);
  if (!sum || *magic != kMagic || *sum != hex(checksum(rest))) return std::nullopt;
  const auto wanted = take_line(rest), count = take_line(rest);
  std::size_t launches = 0;
  if (!count || *wanted != hex(identity) || !to_number(*count, launches)) return std::nullopt;
  CachedProgram cached;
  for (std::size_t i = 0; i < launches; ++i) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    cached.launches.emplace(*line);
  }
  if (rest.empty()) return std::nullopt;
  cached.binary = rest;
  return cached;
}

ProgramCache::ProgramCache(const std::string& program, const std::string& identity)
    : identity_(checksum(identity)) {
  const std::filesystem::path folder = cache_folder();
  if (!folder.empty()) file_ = folder / "opencl" / (program + "-" + hex(identity_) + ".bin");
}

std::optional<CachedProgram> ProgramCache::load() const {
  std::string problem;
  const auto bytes = file_.empty() ? std::nullopt : read_file(file_, kMostBytes, problem);
  return bytes ? parse_cache(*bytes, identity_) : std::nullopt;
}

void ProgramCache::store(const CachedProgram& cached) const noexcept {
  if (file_.empty()) return;
  try {
    std::filesystem::create_directories(file_.parent_path());
    replace_file(file_, cache_bytes(identity_, cached));
  } catch (const std::exception&) {  // no room, or no right: nothing is lost
  }
}

}  // namespace engine::opencl
