#include "serve/core/sha256.h"

#include <engine/error.h>

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>

namespace engine::serve {

std::string sha256_of_file(const std::filesystem::path& file) {
  const auto unreadable = [&] {
    return Error(ErrorCode::kIo, "cannot read '" + file.filename().string() + "'");
  };
  const auto failed = [] { return Error(ErrorCode::kInternal, "libcrypto has no SHA-256"); };
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
  if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1) throw failed();

  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw unreadable();
  std::vector<char> part(std::size_t{1} << 20);
  while (stream.read(part.data(), static_cast<std::streamsize>(part.size())) || stream.gcount() > 0)
    EVP_DigestUpdate(hash.get(), part.data(), static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) throw unreadable();

  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  if (EVP_DigestFinal_ex(hash.get(), digest.data(), &length) != 1) throw failed();
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace engine::serve
