#include "serve/core/model_files.h"

#include "serve/config/config_check.h"
#include "serve/core/text.h"

#include <engine/error.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include <sys/stat.h>

namespace engine::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 10'000;  // of a folder that are looked at

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

std::optional<Index> version_of(const std::string& name) {
  Index version = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, version);
  if (error != std::errc() || stop != end || version < 1 || name[0] == '0') return {};
  return version;
}

void check_name(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (is_file_name(name.substr(0, slash)) &&
      (slash == name.npos || is_file_name(name.substr(slash + 1))))
    return;
  invalid(quote(name) + " is no name of a model's file (FILE or VERSION/FILE)");
}

Error not_found(const std::string& name) {
  return Error(ErrorCode::kNotFound, "the model has no file " + quote(name));
}

Error too_large(const std::string& name, std::size_t bytes, std::size_t most) {
  return Error(ErrorCode::kInvalidArgument, quote(name) + " has " + std::to_string(bytes) +
                                                " bytes (at most " + std::to_string(most) + ")");
}

bool lies_below(const fs::path& path, const fs::path& root) {
  return std::ranges::mismatch(root, path).in1 == root.end();
}

class FolderFiles : public ModelFiles {
 public:
  FolderFiles(fs::path root, fs::path folder)
      : root_(std::move(root)), folder_(std::move(folder)) {}

  std::vector<Index> versions() const override {
    std::vector<Index> list;
    for_each_entry(folder_, [&](const fs::directory_entry& entry) {
      std::error_code ignored;
      const auto version = version_of(entry.path().filename().string());
      if (version && entry.is_directory(ignored)) list.push_back(*version);
    });
    std::ranges::sort(list);
    return list;
  }

  bool has(const std::string& name) const override {
    std::error_code ignored;
    check_name(name);
    return fs::is_regular_file(folder_ / name, ignored);
  }

  std::optional<fs::path> path(const std::string& name) const override {
    check_name(name);
    std::error_code error;
    fs::path whole = fs::canonical(folder_ / name, error);
    if (error) throw not_found(name);
    if (!lies_below(whole, root_))
      invalid(quote(name) + " is a link that leaves the model repository");
    if (!fs::is_regular_file(whole, error)) invalid(quote(name) + " is no regular file");
    return whole;
  }

  std::string read(const std::string& name, std::size_t most) const override {
    std::ifstream stream(*path(name), std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::streamoff>(stream.tellg());
    if (!stream || size < 0) throw Error(ErrorCode::kIo, "cannot read " + quote(name));
    const auto bytes = static_cast<std::size_t>(size);
    if (bytes > most) throw too_large(name, bytes, most);
    std::string text(bytes, '\0');
    stream.seekg(0);
    if (!stream.read(text.data(), size)) throw Error(ErrorCode::kIo, "cannot read " + quote(name));
    return text;
  }

  std::string stamp(Index version) const override {
    return folder_stamp(folder_) + folder_stamp(folder_ / "configs") +
           folder_stamp(folder_ / "warmup") + folder_stamp(folder_ / std::to_string(version));
  }

 private:
  template <class Visit>
  static void for_each_entry(const fs::path& folder, Visit visit) {
    std::error_code error;
    std::size_t count = 0;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      if (++count <= kMostEntries) visit(*it);
  }

  static std::string folder_stamp(const fs::path& folder) {
    std::vector<std::string> files;
    for_each_entry(folder, [&](const fs::directory_entry& entry) {
      struct stat info {};
      if (::stat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
      files.push_back(entry.path().filename().string() + " " + std::to_string(info.st_size) + " " +
                      std::to_string(info.st_mtim.tv_sec) + "." +
                      std::to_string(info.st_mtim.tv_nsec) + " " + std::to_string(info.st_ino));
    });
    std::ranges::sort(files);
    std::string stamp;
    for (const std::string& file : files) stamp += file + "\n";
    return stamp + "/\n";
  }

  const fs::path root_, folder_;
};

class MemoryFiles : public ModelFiles {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {
    for (const auto& [name, text] : files_) check_name(name);
  }

  std::vector<Index> versions() const override {
    std::vector<Index> list;
    for (const auto& [name, text] : files_) {
      const std::size_t slash = name.find('/');
      if (slash == name.npos) continue;
      if (const auto version = version_of(name.substr(0, slash))) list.push_back(*version);
    }
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
    return list;
  }

  bool has(const std::string& name) const override { return files_.contains(name); }

  std::optional<fs::path> path(const std::string&) const override { return {}; }

  std::string read(const std::string& name, std::size_t most) const override {
    const auto found = files_.find(name);
    if (found == files_.end()) throw not_found(name);
    if (found->second.size() > most) throw too_large(name, found->second.size(), most);
    return found->second;
  }

  std::string stamp(Index) const override { return {}; }

 private:
  const std::map<std::string, std::string> files_;
};

}  // namespace

std::unique_ptr<const ModelFiles> files_in_folder(const fs::path& root, const fs::path& folder) {
  std::error_code error;
  const std::string name = quote(folder.filename().string());
  fs::path whole_root = fs::canonical(root, error);
  fs::path whole = error ? fs::path() : fs::canonical(folder, error);
  if (error || !fs::is_directory(whole, error))
    throw Error(ErrorCode::kNotFound, "no model repository has a folder " + name);
  if (!lies_below(whole, whole_root))
    invalid("folder " + name + " is a link that leaves the model repository");
  return std::make_unique<FolderFiles>(std::move(whole_root), std::move(whole));
}

std::unique_ptr<const ModelFiles> files_in_memory(std::map<std::string, std::string> files) {
  return std::make_unique<MemoryFiles>(std::move(files));
}

}  // namespace engine::serve
