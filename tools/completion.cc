// engine completion: scripts for shells, made from the options that the commands declare.
#include "tools/command.h"

#include "tools/completion/shells.h"
#include "tools/text/print.h"

#include <memory>
#include <string>

namespace engine::tools {

void add_completion(CLI::App& app, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example:\n  source <(engine completion bash)");
  command->callback([shell, &app, &action] {
    action = [shell, &app] {
      const std::vector<CommandWords> commands = words_of(app);
      if (*shell == "bash") print_text(bash_completion(commands));
      else if (*shell == "zsh") print_text(zsh_completion(commands));
      else print_text(fish_completion(commands));
      return kGood;
    };
  });
}

}  // namespace engine::tools
