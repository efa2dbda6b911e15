// A model repository in a temporary folder.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace engine::serve::test {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "engine_models_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Takes the place of what is there, as a whole.
  void write(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path file = path_ / name, part = path_ / "part";
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(part, std::ios::binary) << bytes;
    std::filesystem::rename(part, file);
  }
  void remove(const std::string& name) const { std::filesystem::remove_all(path_ / name); }

 private:
  std::filesystem::path path_;
};

}  // namespace engine::serve::test
