// engine serve: models behind KServe's protocol.
#include "tools/command.h"

#include "tools/options.h"
#include "tools/serve/repository_options.h"
#include "tools/serve/services.h"
#include "tools/serve/triton_options.h"
#include "tools/text/print.h"

#include "base/check.h"
#include "base/text.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

namespace engine::tools {
namespace {

struct Options {
  std::vector<std::string> models;
  RepositoryOptions repository;
  std::vector<std::string> ignored;  // options of Triton that were given
  SessionOptions session;
  ServiceOptions services;
  serve::BatchLimits limits = serve::default_limits();
  std::int64_t delay_us = 0;
  std::size_t queue_bytes = std::size_t{1} << 30;
  int exit_timeout_s = 30;
};

// "NAME=FILE", or the name that the file or, if it is "model.onnx", its folder has.
serve::ModelSource source_of(const std::string& text, const Options& options) {
  const std::size_t equals = text.find('=');
  serve::ModelSource source;
  source.file = equals == text.npos ? text : text.substr(equals + 1);
  source.name = equals == text.npos ? source.file.stem().string() : text.substr(0, equals);
  if (equals == text.npos && source.name == "model")
    source.name = std::filesystem::absolute(source.file).parent_path().filename().string();
  if (!serve::is_model_name(source.name))
    fail(ErrorCode::kInvalidArgument, quote(source.name),
         " is no name for a model (letters, digits, _, . and -, at most 128); give it one as "
         "NAME=FILE");
  // A pipe or a device would be waited for, or read, for ever.
  if (std::error_code ignored; std::filesystem::exists(source.file, ignored) &&
                               !std::filesystem::is_regular_file(source.file, ignored))
    fail(ErrorCode::kInvalidArgument, quote(source.file.string()), " is no file of a model");
  source.session = options.session;
  source.limits = options.limits;
  return source;
}

std::vector<serve::ModelSource> sources_of(const Options& options) {
  std::vector<serve::ModelSource> sources;
  std::set<std::string> names;
  for (const std::string& text : options.models) {
    sources.push_back(source_of(text, options));
    if (!names.insert(sources.back().name).second)
      fail(ErrorCode::kInvalidArgument, "two models are called ", quote(sources.back().name),
           "; give them names as NAME=FILE");
  }
  return sources;
}

void tell_ready(const serve::ServedModel& model) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  print_remarks(model.session());
  remark(fmt::format("model {}{} ({}) is ready on {}, {}", model.name(),
                     model.version() == 1 ? "" : fmt::format(" version {}", model.version()),
                     model.sha256().substr(0, 12), model.session().device(),
                     model.limits().max_batch_size > 0 ? "batched" : "one request at a time"));
}

serve::ControlOptions control_options(const Options& options) {
  serve::ControlOptions control = options.repository.control();
  control.models = sources_of(options);
  control.session = options.session;
  control.limits = options.limits;
  control.on_loaded = tell_ready;
  control.on_failed = [](const std::string& name, const std::string& reason) {
    remark(fmt::format("model {}: {}", name, reason));
  };
  return control;
}

// SIGTERM and SIGINT, which all threads that are started after this leave to `wait`.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~EndSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  bool is_pending() const {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
  }
  void wait() {
    int signal = 0;
    sigwait(&set_, &signal);
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);  // the next one ends the process
  }

 private:
  sigset_t set_, before_;
};

int run(const Options& options) {
  if (!options.ignored.empty())
    remark(join(options.ignored) + ": options of Triton that have no effect here");
  if (options.models.empty() && !options.repository.is_enough())
    fail(ErrorCode::kInvalidArgument,
         "there is nothing to serve; give MODEL or --model-repository");
  options.repository.check_address(options.services.http.address);
  options.repository.check_address(options.services.grpc.address);
  EndSignals signals;
  serve::Repository repository(options.queue_bytes);
  serve::ModelControl control(repository, control_options(options));
  const std::size_t failed = control.start([&] { return !signals.is_pending(); });
  if (signals.is_pending()) return kGood;  // nothing has been accepted yet
  if (failed > 0 && options.repository.exit_on_error) {
    remark(fmt::format("{} not loaded (--exit-on-error=false serves the others)",
                       failed == 1 ? "a model was" : fmt::format("{} models were", failed)));
    return kBadInput;
  }
  serve::SharedMemory memory;
  Services services(repository, control, memory, options.services);
  signals.wait();
  const auto give_up =
      std::chrono::steady_clock::now() + std::chrono::seconds(options.exit_timeout_s);
  remark("finishing what was accepted");
  repository.drain();
  services.drain();
  control.stop();
  repository.stop(give_up);
  services.end(give_up);
  return kGood;
}

void add_batch_options(CLI::App& app, Options& options) {
  app.add_option("--max-batch-size", options.limits.max_batch_size,
                 "rows of a request and of a batch; 0: requests run one by one")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 30));
  app.add_option("--preferred-batch-size", options.limits.preferred_batch_size,
                 "rows up to which requests are put together")
      ->capture_default_str()
      ->check(count_up_to(1 << 30));
  app.add_option("--max-queue-delay-microseconds", options.delay_us,
                 "how long a batch may wait to be filled")
      ->capture_default_str()
      ->check(CLI::Range(0, 60'000'000));
  app.add_option("--max-queue-size", options.limits.default_queue_policy.max_queue_size,
                 "requests that may wait for a model; more are refused at once")
      ->capture_default_str();
  app.add_option("--instances", options.limits.instances, "batches of a model that run at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("serve", "Serve models over gRPC and HTTP, by KServe's protocol");
  command->add_option("MODEL", options->models, "ONNX files, or NAME=FILE");
  add_repository_options(*command, options->repository);
  add_service_options(*command, options->services);
  add_batch_options(*command, *options);
  command
      ->add_option("--queue-memory", options->queue_bytes, "bytes that waiting requests may hold")
      ->capture_default_str();
  command
      ->add_option("--exit-timeout-secs", options->exit_timeout_s,
                   "how long what was accepted may take when the server is ended")
      ->capture_default_str()
      ->check(CLI::Range(0, 86'400));
  add_session_options(*command, options->session);
  ignore_triton_options(*command, options->ignored);
  command->footer(
      "Example:\n"
      "  engine serve models/jet_tagger.onnx\n"
      "answers at http://127.0.0.1:8000/v2/models/jet_tagger until SIGTERM or Ctrl-C.\n"
      "  engine serve --model-repository /models\n"
      "serves a repository that is laid out as Triton's.");
  command->callback([options, &action] {
    action = [options] {
      options->limits.max_queue_delay = std::chrono::microseconds(options->delay_us);
      return run(*options);
    };
  });
}

}  // namespace engine::tools
