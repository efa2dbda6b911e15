#include "base/cpu_features.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <thread>

namespace engine {

const char* to_string(Isa isa) noexcept {
  switch (isa) {
    case Isa::kScalar: return "scalar";
    case Isa::kAvx2: return "avx2";
    case Isa::kAvx512: return "avx512";
    case Isa::kNeon: return "neon";
  }
  return "unknown";
}

bool available(Isa isa) noexcept {
  switch (isa) {
    case Isa::kScalar: return true;
#if defined(__x86_64__)
    case Isa::kAvx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::kAvx512:
      return available(Isa::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case Isa::kNeon: return true;
#endif
    default: return false;
  }
}

Isa best_isa() noexcept {
  for (const Isa isa : {Isa::kAvx512, Isa::kAvx2, Isa::kNeon})
    if (available(isa)) return isa;
  return Isa::kScalar;
}

namespace {

// The first line of a file, "" if there is none.
std::string line_of(const std::string& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

// Bytes of the first core's cache for data, by what the kernel says: the C library asks the CPU,
// and that of a virtual machine may answer for its whole host. 0 if the kernel does not say.
std::size_t cache_bytes(const char* level) {
  for (int i = 0; i < 8; ++i) {
    const std::string cache = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    if (line_of(cache + "level") != level || line_of(cache + "type") == "Instruction") continue;
    const std::string size = line_of(cache + "size");  // "48K"
    std::size_t kibibytes = 0;
    const char* end = size.data() + size.size();
    const auto [at, error] = std::from_chars(size.data(), end, kibibytes);
    if (error == std::errc() && at != end && *at == 'K') return kibibytes << 10;
  }
  return 0;
}

std::size_t cache_bytes(const char* level, int sysconf_name) {
  if (const std::size_t bytes = cache_bytes(level)) return bytes;
  const long bytes = sysconf(sysconf_name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

CpuInfo cpu_info() {
  CpuInfo info;
  info.cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    if (const auto colon = line.find(": "); colon != std::string::npos)
      info.model = line.substr(colon + 2);
    break;
  }
  info.l1_data = cache_bytes("1", _SC_LEVEL1_DCACHE_SIZE);
  info.l2 = cache_bytes("2", _SC_LEVEL2_CACHE_SIZE);
  info.l3 = cache_bytes("3", _SC_LEVEL3_CACHE_SIZE);
  return info;
}

}  // namespace engine
