#include "serve/http/coding.h"

#include <engine/error.h>

#include <zlib.h>

#include <algorithm>
#include <new>
#include <vector>

namespace engine::serve::http {
namespace {

constexpr int kWindowBits = 15, kOfGzip = 16;  // zlib.h
constexpr std::size_t kStep = std::size_t{64} << 10;

int window_bits(Coding coding) { return kWindowBits + (coding == Coding::kGzip ? kOfGzip : 0); }

Bytef* bytes_of(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

class Inflater {
 public:
  explicit Inflater(Coding coding) {
    if (inflateInit2(&stream_, window_bits(coding)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_ = {};
};

class Deflater {
 public:
  explicit Deflater(Coding coding) {
    constexpr int kMemory = 8;  // zlib's default
    if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, window_bits(coding), kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_ = {};
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// What stands before the character, which goes too.
std::string_view cut(std::string_view& rest, char at) {
  const std::size_t end = rest.find(at);
  const std::string_view part = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

// "gzip;q=0", with blanks or not, forbids.
bool is_forbidden(std::string_view parameters) {
  const std::size_t q = parameters.find("q=");
  if (q == parameters.npos) return false;
  const std::string_view value = trimmed(parameters.substr(q + 2));
  return value.find_first_of("123456789") == value.npos;
}

}  // namespace

const char* name_of(Coding coding) noexcept { return coding == Coding::kGzip ? "gzip" : "deflate"; }

std::optional<Coding> parse_coding(std::string_view name) noexcept {
  if (name == "gzip" || name == "x-gzip") return Coding::kGzip;
  if (name == "deflate") return Coding::kDeflate;
  return {};
}

std::optional<Coding> accepted_coding(std::string_view accept_encoding) {
  std::optional<Coding> best;
  while (!accept_encoding.empty()) {
    std::string_view parameters = cut(accept_encoding, ',');
    const auto coding = parse_coding(trimmed(cut(parameters, ';')));
    if (!coding || is_forbidden(parameters)) continue;
    if (!best || *coding == Coding::kGzip) best = coding;
  }
  return best;
}

std::string unpack(std::string_view packed, Coding coding, std::size_t most) {
  const auto damaged = [&]() -> std::string {
    throw Error(ErrorCode::kInvalidArgument, std::string("the body is not ") + name_of(coding) +
                                                 ", as its Content-Encoding says");
  };
  Inflater inflater(coding);
  z_stream& stream = inflater.stream();
  stream.next_in = bytes_of(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string bytes;
  std::vector<char> piece(kStep);
  for (int state = Z_OK; state != Z_STREAM_END;) {
    stream.next_out = bytes_of(piece.data());
    stream.avail_out = static_cast<uInt>(kStep);
    state = inflate(&stream, Z_NO_FLUSH);
    if (state != Z_OK && state != Z_STREAM_END) return damaged();  // also if it is cut
    const std::size_t got = kStep - stream.avail_out;
    if (got > most - bytes.size())
      throw Error(ErrorCode::kResourceExhausted,
                  "the body unpacks to more than " + std::to_string(most) + " bytes");
    bytes.append(piece.data(), got);
  }
  if (stream.avail_in != 0) return damaged();
  return bytes;
}

std::string pack(std::span<const std::string_view> parts, Coding coding) {
  Deflater deflater(coding);
  z_stream& stream = deflater.stream();
  std::string packed;
  std::vector<char> piece(kStep);
  const auto add = [&](std::string_view part, int flush) {
    stream.next_in = bytes_of(part.data());
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      stream.next_out = bytes_of(piece.data());
      stream.avail_out = static_cast<uInt>(kStep);
      deflate(&stream, flush);
      packed.append(piece.data(), kStep - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  for (std::string_view part : parts)
    for (; !part.empty(); part.remove_prefix(std::min(part.size(), std::size_t{1} << 30)))
      add(part.substr(0, std::size_t{1} << 30), Z_NO_FLUSH);
  add({}, Z_FINISH);
  return packed;
}

}  // namespace engine::serve::http
