// Any bytes as the manifest of an offline program: refused, or written as it was read.
#include "ops/opencl/runtime/manifest.h"

#include <engine/error.h>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace engine::opencl;
  std::string text;
  try {
    text = manifest_text(parse_manifest({reinterpret_cast<const char*>(data), size}));
  } catch (const engine::Error& error) {
    if (error.code() != engine::ErrorCode::kInvalidArgument) std::abort();
    return 0;
  }
  if (manifest_text(parse_manifest(text)) != text) std::abort();
  return 0;
}
