// Any bytes as a file of the program cache, and behind a seal that fits: nothing, or a program that
// is written as it was read.
#include "ops/opencl/runtime/program_cache.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace engine::opencl;
  constexpr std::uint64_t kIdentity = 0xff;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  parse_cache(content, kIdentity);
  const auto program = parse_cache(cache_seal(content) + std::string(content), kIdentity);
  if (!program) return 0;
  const auto again = parse_cache(cache_bytes(kIdentity, *program), kIdentity);
  if (!again || again->binary != program->binary || again->launches != program->launches)
    std::abort();
  return 0;
}
