// Fuzzing the loader: any bytes give a model or an Error, within little memory.
#include "loaders/onnx/load.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace engine;
  try {
    onnx::load_bytes(std::as_bytes(std::span(data, size)), {.max_bytes = 1 << 20, .max_depth = 8});
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) std::abort();
  }
  return 0;
}
