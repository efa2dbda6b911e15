// Any bytes as .npy and as .npz: an Error or a tensor, never anything else.
#include "tools/io/npy.h"
#include "tools/io/npz.h"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace engine;

void as_npy(std::span<const std::byte> bytes) {
  try {
    const Tensor tensor = tools::parse_npy(bytes, "fuzz.npy");
    const Tensor again = tools::parse_npy(tools::to_npy(tensor), "fuzz.npy");
    if (again.shape() != tensor.shape()) std::abort();
  } catch (const Error&) {}
}

void as_npz(std::span<const std::byte> bytes) {
  try {
    const tools::Npz archive(tools::Bytes(bytes.begin(), bytes.end()), "fuzz.npz");
    for (const std::string& name : archive.names()) {
      try {
        archive.read(name);
      } catch (const Error&) {}
    }
  } catch (const Error&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  as_npy(bytes);
  as_npz(bytes);
  return 0;
}
