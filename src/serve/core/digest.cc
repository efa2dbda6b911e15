#include "serve/core/digest.h"

#include <engine/error.h>

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace engine::serve {
namespace {

class Hash {
 public:
  explicit Hash(Digest digest) : hash_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    const EVP_MD* kind = digest == Digest::kMd5 ? EVP_md5() : EVP_sha256();
    check(hash_ && EVP_DigestInit_ex(hash_.get(), kind, nullptr) == 1);
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
    if (!good) throw Error(ErrorCode::kInternal, "libcrypto does not have this checksum");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash_;
};

}  // namespace

std::string digest_of(std::string_view bytes, Digest digest) {
  Hash hash(digest);
  hash.add(bytes);
  return hash.hexadecimal();
}

std::string digest_of_file(const std::filesystem::path& file, Digest digest) {
  const auto unreadable = [&] {
    return Error(ErrorCode::kIo, "cannot read '" + file.filename().string() + "'");
  };
  Hash hash(digest);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw unreadable();
  std::vector<char> part(std::size_t{1} << 20);
  while (stream.read(part.data(), static_cast<std::streamsize>(part.size())) || stream.gcount() > 0)
    hash.add({part.data(), static_cast<std::size_t>(stream.gcount())});
  if (stream.bad()) throw unreadable();
  return hash.hexadecimal();
}

}  // namespace engine::serve
