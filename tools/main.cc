// engine: the command line.
#include "tools/command.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/text/print.h"

#include <engine/error.h>
#include <engine/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

namespace engine::tools {
namespace {

void add_commands(CLI::App& app, Action& action) {
  app.require_subcommand(1);
  app.set_version_flag("--version", fmt::format("engine {} (arithmetic contract {})",
                                                engine::version(), engine::contract_version()));
  add_run(app, action);
  add_inspect(app, action);
  add_conformance(app, action);
  add_compare(app, action);
  add_bench(app, action);
  add_tune(app, action);
  add_opencl_build(app, action);
#ifdef ENGINE_SERVE
  add_serve(app, action);
#endif
  add_devices(app, action);
  add_completion(app, action);
  app.footer(
      "Example:\n  engine run models/jet_tagger.onnx --random\n\n"
      "'engine COMMAND --help' explains a command. Exit codes: 0 good, 1 a comparison or a "
      "case failed,\n2 bad usage or bad input.");
}

// The command whose options were being read, for "engine run --help".
std::string called_command(const CLI::App& app) {
  const auto called = app.get_subcommands();
  return called.empty() ? "engine" : "engine " + called.front()->get_name();
}

// CLI11 would only say that a command is missing.
void require_known_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  if (std::ranges::find(names, argv[1]) != names.end()) return;
  fail(ErrorCode::kInvalidArgument, "there is no command ", quote(argv[1]), " (there are ",
       join(names), ")");
}

int parse_and_act(CLI::App& app, const Action& action, int argc, char** argv) {
  require_known_command(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {  // --help, --version
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    while (!message.empty() && message.back() == '\n') message.pop_back();
    remark(message + " ('" + called_command(app) + " --help' explains the options)");
    return kBadInput;
  }
  return action();
}

// A reader that has closed the pipe has seen enough; a full disk is an error.
int finish_output(int code) {
  errno = 0;
  const bool broken = std::fflush(stdout) != 0 || std::ferror(stdout);
  if (!broken || errno == EPIPE || errno == 0) return code;
  remark(std::string("cannot write to standard output (") + std::strerror(errno) + ")");
  return kBadInput;
}

int run_command(int argc, char** argv) {
  CLI::App app("Neural-network inference with the same bits everywhere", "engine");
  Action action;
  try {
    add_commands(app, action);
    return parse_and_act(app, action, argc, argv);
  } catch (const std::bad_alloc&) {
    remark("out of memory");
  } catch (const std::exception& error) {
    remark(error.what());
  }
  return kBadInput;
}

}  // namespace
}  // namespace engine::tools

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return engine::tools::finish_output(engine::tools::run_command(argc, argv));
}
