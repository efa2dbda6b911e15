#include "tools/completion/shells.h"

#include <fmt/format.h>

#include <string_view>

namespace engine::tools {
namespace {

constexpr std::string_view kDevices =
    "cpu cpu:scalar cpu:avx2 cpu:avx512 cpu:neon opencl reference";

bool is_device(std::string_view option) {
  return option == "--device" || option == "--a" || option == "--b";
}

std::string option_names(const CommandWords& command) {
  std::string names;
  for (const OptionWord& option : command.options)
    names += (names.empty() ? "" : " ") + option.name;
  return names;
}

std::string command_names(const std::vector<CommandWords>& commands) {
  std::string names;
  for (const CommandWords& command : commands) names += (names.empty() ? "" : " ") + command.name;
  return names;
}

// Text within single quotes, without what zsh's _arguments would read as syntax.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '[' || c == ']') continue;
    out += c == ':' ? ',' : c;
  }
  return out;
}

// --help leaves out what has no group.
bool is_shown(const CLI::Option* option) { return !option->get_group().empty(); }

}  // namespace

std::vector<CommandWords> words_of(CLI::App& app) {
  std::vector<CommandWords> commands;
  for (const CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    CommandWords command{sub->get_name(), sub->get_description(), {}};
    for (const CLI::Option* option : sub->get_options(is_shown))
      for (const std::string& name : option->get_lnames())
        command.options.push_back(
            {"--" + name, option->get_description(),
             option->get_items_expected_max() > 0 && option->get_type_size_max() > 0});
    commands.push_back(std::move(command));
  }
  return commands;
}

std::string bash_completion(const std::vector<CommandWords>& commands) {
  std::string cases;
  for (const CommandWords& command : commands)
    cases += fmt::format("    {}) options=\"{}\" ;;\n", command.name, option_names(command));
  // Bash breaks words at colons, so words are taken from the line, and what stands before the last
  // colon already is taken off the answers.
  return fmt::format(R"(_engine() {{
  local whole="${{COMP_LINE:0:COMP_POINT}}" options=""
  local word="${{whole##* }}" head="${{whole% *}}"
  local before="${{head##* }}"
  COMPREPLY=()
  case "$before" in
    --device|--a|--b)
      COMPREPLY=($(compgen -W "{}" -- "$word"))
      COMPREPLY=("${{COMPREPLY[@]#"${{word%"${{word##*:}}"}}"}}")
      return ;;
  esac
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{} --help --version" -- "$word"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
{}  esac
  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}}
complete -o filenames -F _engine engine
)",
                     kDevices, command_names(commands), cases);
}

std::string zsh_completion(const std::vector<CommandWords>& commands) {
  std::string list, cases;
  for (const CommandWords& command : commands) {
    list += fmt::format("    '{}:{}'\n", command.name, plain(command.doc));
    cases += fmt::format("    {}) _arguments", command.name);
    for (const OptionWord& option : command.options) {
      const std::string value = is_device(option.name)
                                    ? fmt::format(":device:({})", plain(kDevices))
                                : option.takes_value ? ":value:_files"
                                                     : "";
      cases += fmt::format(" \\\n      '*{}[{}]{}'", option.name, plain(option.doc), value);
    }
    cases += " \\\n      '*:file:_files' ;;\n";
  }
  return fmt::format(R"(#compdef engine
_engine() {{
  local -a commands
  commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words; ((CURRENT--))
  case $command in
{}  esac
}}
compdef _engine engine
)",
                     list, cases);
}

std::string fish_completion(const std::vector<CommandWords>& commands) {
  std::string text;
  for (const CommandWords& command : commands) {
    text += fmt::format("complete -c engine -n __fish_use_subcommand -f -a {} -d '{}'\n",
                        command.name, plain(command.doc));
    for (const OptionWord& option : command.options) {
      const std::string value = is_device(option.name) ? fmt::format(" -x -a '{}'", kDevices)
                                : option.takes_value   ? " -r"
                                                       : "";
      text +=
          fmt::format("complete -c engine -n '__fish_seen_subcommand_from {}' -l {}{} -d '{}'\n",
                      command.name, option.name.substr(2), value, plain(option.doc));
    }
  }
  return text +
         "complete -c engine -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
}

}  // namespace engine::tools
