#include "tests/support/command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace engine::tools {
namespace {

// Removed when the test program ends.
class Folder {
 public:
  Folder() {
    path_ = std::filesystem::temp_directory_path() / ("engine_command_" + std::to_string(getpid()));
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

Outcome shell(const std::string& line) {
  static const Folder folder;
  const std::string out = folder.path() + "/stdout", err = folder.path() + "/stderr";
  const std::string whole = "cd '" + folder.path() +
                            "' && export PATH='" ENGINE_BINARY_DIR
                            "':\"$PATH\" MODELS='" ENGINE_SOURCE_DIR "/models' && { " +
                            line + "\n} >'" + out + "' 2>'" + err + "'";
  const int status = std::system(whole.c_str());
  Outcome outcome;
  outcome.code = WIFEXITED(status) && WEXITSTATUS(status) < 128 ? WEXITSTATUS(status) : -1;
  outcome.out = text_of(out);
  outcome.err = text_of(err);
  return outcome;
}

}  // namespace engine::tools
