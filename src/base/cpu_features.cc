#include "base/cpu_features.h"

#include <unistd.h>

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
  const auto cache = [](int name) {
    const long bytes = sysconf(name);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  };
  info.l1_data = cache(_SC_LEVEL1_DCACHE_SIZE);
  info.l2 = cache(_SC_LEVEL2_CACHE_SIZE);
  info.l3 = cache(_SC_LEVEL3_CACHE_SIZE);
  return info;
}

}  // namespace engine
