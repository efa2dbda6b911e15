// engine tune: which tiles and loop orders are fastest for a model's layers on this machine.
#include "tools/command.h"

#include "base/check.h"
#include "session/session_impl.h"
#include "tools/io/file.h"
#include "tools/options.h"
#include "tools/report/json.h"
#include "tools/text/print.h"
#include "tools/text/table.h"
#include "tools/tune/tuner.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>

namespace engine::tools {
namespace {

struct Options {
  std::string model, export_file;
  InputOptions inputs;
  SessionOptions session;
  TuneOptions tune;
  bool json = false;
};

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// While alive, the first interruption is noted, and a second one ends the process as usual.
class InterruptionNoted {
 public:
  InterruptionNoted() {
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = true; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptionNoted() { sigaction(SIGINT, &before_, nullptr); }
  InterruptionNoted(const InterruptionNoted&) = delete;

 private:
  struct sigaction before_ = {};
};

Json to_json(const TuneResult& result, const Trials& trials, const Session& session,
             const Options& options) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    const tuning::Search& search = result.layers[i];
    layers.push_back({{"layer", search.layer()},
                      {"nodes", trials.nodes_of(search.layer())},
                      {"choice", Json::object()},
                      {"speedup", search.entry().speedup},
                      {"finished", search.finished()},
                      {"known", static_cast<bool>(result.known[i])}});
    for (const auto& [name, value] : search.entry().choice) layers.back()["choice"][name] = value;
  }
  return {{"model", options.model},
          {"device", session.device()},
          {"threads", options.session.threads},
          {"file", options.tune.file.string()},
          {"finished", result.finished},
          {"speedup", result.speedup},
          {"layers", layers}};
}

void print_result(const TuneResult& result, const Options& options) {
  std::size_t changed = 0;
  using enum Table::Align;
  Table table({{"layer", kLeft, 90}, {"speedup", kRight}, {"choice"}});
  for (const tuning::Search& search : result.layers) {
    const tuning::Entry& entry = search.entry();
    if (entry.choice.empty()) continue;
    ++changed;
    table.add({search.layer(), search.finished() ? fmt::format("{:.2f}", entry.speedup) : "?",
               to_text(entry.choice)});
  }
  print_text(table.empty() ? "" : table.text() + "\n");
  if (result.layers.empty()) return print("{} has no layer to tune\n", options.model);
  print("{} layers: {} with other choices than the defaults, the model {:.3f} times as fast\n",
        result.layers.size(), changed, result.speedup);
  print("kept in {}\n", options.tune.file.string());
}

std::filesystem::path file_of(const Options& options) {
  const bool named = options.session.tuning != "auto";
  ENGINE_REQUIRE(options.session.tuning != "off", ErrorCode::kInvalidArgument,
                 "--tuning off leaves no file to keep the result in; name one, or leave it out");
  const auto file = named ? std::filesystem::path(options.session.tuning)
                          : tuning::default_file(options.tune.hardware);
  ENGINE_REQUIRE(!file.empty(), ErrorCode::kInvalidArgument,
                 "there is no folder for the result (neither XDG_CACHE_HOME nor HOME is an "
                 "absolute path); name a file with --tuning FILE");
  return file;
}

// What this model's layers have other choices for, in a file of its own.
void write_export(const TuneResult& result, const Options& options) {
  tuning::Entries entries;
  for (const tuning::Search& search : result.layers)
    if (search.finished() && !search.entry().choice.empty())
      entries[search.layer()] = search.entry();
  write_file(options.export_file, tuning::entries_text(entries, options.tune.hardware));
}

int run(Options options) {
  SessionOptions session_options = options.session;
  session_options.tuning = "off";
  if (options.inputs.random.empty()) options.inputs.random = "1";
  const Model model = Model::load(options.model);
  const Session session(model, session_options);
  options.tune.hardware = session.impl()->program->backend().hardware();
  options.tune.file = file_of(options);
  const Trials trials(session, gather_inputs(model, options.inputs));
  TuneResult result;
  {
    const InterruptionNoted noted;
    result = tune(trials, options.tune, interrupted);
  }
  if (!options.export_file.empty()) write_export(result, options);
  if (options.json) print("{}\n", to_text(to_json(result, trials, session, options)));
  else print_result(result, options);
  if (interrupted) {
    remark("interrupted; what is known is kept, and the next 'engine tune' goes on from there");
    std::fflush(stdout);
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);  // so that a script that runs this stops too
  }
  if (!result.finished) remark("not finished; 'engine tune' with the same arguments goes on");
  return kGood;
}

}  // namespace

void add_tune(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tune", "Find the fastest tiles and loop orders here");
  add_model(*command, options->model);
  add_session_options(*command, options->session);
  add_input_options(*command, options->inputs);
  command->add_option("--batch", options->inputs.batch, "free first dimensions of random inputs")
      ->type_name("N")
      ->check(count_up_to(Index{1} << 40));
  command->add_option("--seconds", options->tune.seconds, "search at most this long")
      ->check(number_between(0.001, 1e6))
      ->capture_default_str();
  command->add_flag("--again", options->tune.again, "search layers anew that are known already");
  command
      ->add_option("--export", options->export_file,
                   "write the choices for this model's layers, to be passed on")
      ->type_name("FILE");
  add_json(*command, options->json);
  command->footer(
      "Example:\n"
      "  engine tune model.onnx --batch 8 --threads 2\n"
      "  engine tune model.onnx --device opencl --export mine.json\n"
      "Sessions on this machine take the result for layers of the same shapes, batch and threads.\n"
      "No bit of a result depends on it. An interrupted search goes on at the next call.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace engine::tools
