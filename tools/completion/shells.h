// Completion scripts from the structure of the command line.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace engine::tools {

struct OptionWord {
  std::string name;  ///< "--device"
  std::string doc;
  bool takes_value = false;
};

struct CommandWords {
  std::string name, doc;
  std::vector<OptionWord> options;
};

std::vector<CommandWords> words_of(CLI::App& app);

std::string bash_completion(const std::vector<CommandWords>& commands);
std::string zsh_completion(const std::vector<CommandWords>& commands);
std::string fish_completion(const std::vector<CommandWords>& commands);

}  // namespace engine::tools
