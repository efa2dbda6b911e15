#include "serve/core/sha256.h"

#include <engine/error.h>

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace engine::serve {
namespace {

class Sha256 {
 public:
  Sha256() : hash_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    check(hash_ && EVP_DigestInit_ex(hash_.get(), EVP_sha256(), nullptr) == 1);
  }

  void add(std::string_view bytes) {
    check(EVP_DigestUpdate(hash_.get(), bytes.data(), bytes.size()) == 1);
  }

  std::string hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned length = 0;
    check(EVP_DigestFinal_ex(hash_.get(), digest.data(), &length) == 1);
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      constexpr char kDigits[] = "0123456789abcdef";
      text += kDigits[digest[i] >> 4];
      text += kDigits[digest[i] & 15];
    }
    return text;
  }

 private:
  static void check(bool good) {
    if (!good) throw Error(ErrorCode::kInternal, "libcrypto has no SHA-256");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash_;
};

}  // namespace

std::string sha256_of(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hexadecimal();
}

std::string sha256_of_file(const std::filesystem::path& file) {
  const auto unreadable = [&] {
    return Error(ErrorCode::kIo, "cannot read '" + file.filename().string() + "'");
  };
  Sha256 hash;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw unreadable();
  std::vector<char> part(std::size_t{1} << 20);
  while (stream.read(part.data(), static_cast<std::streamsize>(part.size())) || stream.gcount() > 0)
    hash.add({part.data(), static_cast<std::size_t>(stream.gcount())});
  if (stream.bad()) throw unreadable();
  return hash.hexadecimal();
}

}  // namespace engine::serve
