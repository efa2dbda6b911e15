#include "serve/core/checksums.h"

#include "serve/core/digest.h"
#include "serve/core/text.h"
#include "serve/proto/model_config.pb.h"

#include <engine/error.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace engine::serve {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 31;  // of a file in memory

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "config.pbtxt: agent 'checksum' " + what);
}

Digest digest_named(std::string_view name) {
  if (name == "MD5") return Digest::kMd5;
  if (name == "SHA256") return Digest::kSha256;
  invalid("has " + quote(name) + " in a key (MD5:FILE or SHA256:FILE)");
}

// "2/model.onnx" if this is not version 2.
bool is_of_another_version(std::string_view file, Index version) {
  Index other = 0;
  const auto [stop, error] = std::from_chars(file.data(), file.data() + file.size(), other);
  const auto digits = static_cast<std::size_t>(stop - file.data());
  return error == std::errc() && file.substr(digits).starts_with('/') && other != version;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void check(const ModelFiles& files, const std::string& file, Digest digest,
           const std::string& wanted) {
  const auto path = files.path(file);
  const std::string got =
      path ? digest_of_file(*path, digest) : digest_of(files.read(file, kMostBytes), digest);
  if (got != lower(wanted))
    invalid("wants " + quote(wanted) + " of " + quote(file) + ", which has " + quote(got));
}

}  // namespace

void check_checksums(const inference::ModelConfig& config, const ModelFiles* files, Index version) {
  for (const auto& agent : config.model_repository_agents().agents())
    for (const auto& [key, wanted] : agent.parameters()) {
      const std::size_t colon = std::min(key.find(':'), key.size());
      const Digest digest = digest_named(std::string_view(key).substr(0, colon));
      const std::string file = key.substr(std::min(key.size(), colon + 1));
      if (is_of_another_version(file, version)) continue;
      if (!files) invalid("names " + quote(file) + ", but the model has no folder");
      check(*files, file, digest, wanted);
    }
}

}  // namespace engine::serve
