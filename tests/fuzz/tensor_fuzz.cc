// Fuzzing a single tensor; whatever comes out must be readable to its last byte.
#include "loaders/onnx/load.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace engine;
  try {
    const Tensor tensor = onnx::load_tensor(std::as_bytes(std::span(data, size)));
    const Tensor copy = tensor.clone();
    if (copy.size() != tensor.size()) std::abort();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInternal) std::abort();
  }
  return 0;
}
