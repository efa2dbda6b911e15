#include "serve/control/model_store.h"

#include "serve/config/config_check.h"
#include "serve/config/config_text.h"
#include "serve/core/text.h"

#include <engine/error.h>

#include <algorithm>
#include <set>

namespace engine::serve {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

}  // namespace

bool is_model_name(std::string_view name) {
  constexpr std::size_t kMost = 128;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kMost && is_word(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

ModelStore::ModelStore(std::vector<fs::path> repositories, std::string config_name)
    : repositories_(std::move(repositories)), config_name_(std::move(config_name)) {
  std::error_code ignored;
  for (const fs::path& repository : repositories_)
    if (!fs::is_directory(repository, ignored))
      invalid("model repository " + quote(repository.string()) + " is no folder");
  if (!config_name_.empty() && !is_file_name(config_name_))
    invalid("model configuration " + quote(config_name_) + " is no plain name");
}

std::vector<std::string> ModelStore::names() const {
  std::set<std::string> names;
  for (const fs::path& repository : repositories_) {
    std::error_code error, ignored;
    for (fs::directory_iterator it(repository, error), end; !error && it != end;
         it.increment(error)) {
      std::string name = it->path().filename().string();
      if (is_model_name(name) && it->is_directory(ignored)) names.insert(std::move(name));
    }
  }
  return {names.begin(), names.end()};
}

std::shared_ptr<const ModelFiles> ModelStore::find(const std::string& name) const {
  std::shared_ptr<const ModelFiles> found;
  if (!is_model_name(name)) return found;
  for (const fs::path& repository : repositories_) {
    std::error_code ignored;
    if (!fs::is_directory(repository / name, ignored)) continue;
    if (found) invalid("model " + quote(name) + " is in several model repositories");
    found = files_in_folder(repository, repository / name);
  }
  return found;
}

inference::ModelConfig ModelStore::config(const std::string& name, const ModelFiles& files) const {
  std::string file = "config.pbtxt";
  if (!config_name_.empty())
    if (const std::string own = "configs/" + config_name_ + ".pbtxt"; files.has(own)) file = own;
  if (!files.has(file)) return {};
  return config_of(files.read(file, kMostConfigBytes), file, name);
}

inference::ModelConfig config_of(std::string_view text, std::string_view file,
                                 const std::string& name) {
  inference::ModelConfig config = parse_config(text, file);
  check_config(config);
  if (!config.name().empty() && config.name() != name)
    invalid(std::string(file) + " is of model " + quote(config.name()) + ", but the model is " +
            quote(name));
  return config;
}

std::vector<Index> chosen_versions(const inference::ModelConfig& config, const ModelFiles& files) {
  std::vector<Index> versions = files.versions();
  const auto& policy = config.version_policy();
  if (versions.empty()) {
    const bool beside = files.has("model.onnx");
    throw Error(ErrorCode::kInvalidArgument,
                std::string("the model has no version (a folder that a positive number names, with "
                            "the ONNX file in it") +
                    (beside ? "); move model.onnx to 1/model.onnx" : ", such as 1/model.onnx)"));
  }
  if (policy.has_specific()) {
    const auto& wanted = policy.specific().versions();
    std::erase_if(versions, [&](Index v) { return std::ranges::find(wanted, v) == wanted.end(); });
    if (versions.empty()) invalid("the model has none of the versions of its version_policy");
  } else if (!policy.has_all()) {
    const std::size_t count = std::max<std::size_t>(1, policy.latest().num_versions());
    if (versions.size() > count)
      versions.erase(versions.begin(), versions.end() - static_cast<std::ptrdiff_t>(count));
  }
  return versions;
}

}  // namespace engine::serve
