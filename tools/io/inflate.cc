#include "tools/io/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace engine::tools {
namespace {

constexpr std::uint64_t kBestRatio = 1032;  // of deflate: 258 bytes for 2 bits

uInt chunk_of(std::uint64_t left) {
  return static_cast<uInt>(std::min<std::uint64_t>(left, std::numeric_limits<uInt>::max()));
}

bool inflate_all(z_stream& stream, std::span<const std::byte> packed, Bytes& out) {
  std::uint64_t read = 0, written = 0;
  int status = Z_OK;
  std::byte overflow[1];  // a stream that is too long betrays itself here
  while (status == Z_OK) {
    const bool full = written == out.size();
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + read));
    stream.avail_in = chunk_of(packed.size() - read);
    stream.next_out = reinterpret_cast<Bytef*>(full ? overflow : out.data() + written);
    stream.avail_out = full ? 1 : chunk_of(out.size() - written);
    const uInt in = stream.avail_in, room = stream.avail_out;
    status = ::inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    if (full && room != stream.avail_out) return false;
    if (!full) written += room - stream.avail_out;
  }
  return status == Z_STREAM_END && read == packed.size() && written == out.size();
}

}  // namespace

bool inflate(std::span<const std::byte> packed, std::uint64_t size, Bytes& out) {
  if (size / kBestRatio > packed.size()) return false;
  out.resize(size);
  z_stream stream{};
  constexpr int kRaw = -MAX_WBITS;
  if (inflateInit2(&stream, kRaw) != Z_OK) return false;
  const bool sound = inflate_all(stream, packed, out);
  inflateEnd(&stream);
  return sound;
}

std::uint32_t crc32_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace engine::tools
