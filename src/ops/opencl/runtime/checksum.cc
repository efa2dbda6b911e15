#include "ops/opencl/runtime/checksum.h"

#include <iomanip>
#include <sstream>

namespace engine::opencl {

std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const char c : bytes) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return value;
}

std::string hex(std::uint64_t value) {
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << value;
  return text.str();
}

}  // namespace engine::opencl
