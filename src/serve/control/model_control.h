// Which models are loaded, and when.
#pragma once

#include "serve/control/load_plan.h"
#include "serve/core/repository.h"
#include "serve/core/worker.h"

#include <atomic>
#include <condition_variable>
#include <thread>

namespace engine::serve {

/// An entry of the index, in Triton's words; what is not known is empty.
struct ModelStatus {
  std::string name, version;
  std::string state;  ///< "LOADING", "READY", "UNLOADING", "UNAVAILABLE", or "": never loaded
  std::string reason;
};

/// Loads models into a repository and takes them out again. Thread-safe. `load`, `unload`, `start`
/// and `poll` work on the caller's thread and return when it is done, which can take as long as a
/// model takes to compile, or its requests to finish: not for threads that serve connections. Calls
/// for the same model wait for each other, those for different models do not.
class ModelControl {
 public:
  /// Throws Error (kInvalidArgument) as ModelStore does.
  ModelControl(Repository& repository, ControlOptions options);
  ~ModelControl() { stop(); }
  ModelControl(const ModelControl&) = delete;

  /// Loads what must serve from the start, as long as `go_on` says so before each model, and then
  /// polls, if that is the mode, on a thread of its own. Returns how many models failed.
  std::size_t start(const std::function<bool()>& go_on = [] { return true; });

  /// Polls no more. Loaded models stay.
  void stop();

  /// Loads a model, or loads it again; nothing if all its versions serve now. Else what served
  /// before still does. Versions that are chosen no more are unloaded last. Refused unless the mode
  /// is explicit.
  std::optional<Failure> load(const std::string& name, const LoadRequest& request = {});

  /// Takes a model out and returns when it has answered what it accepted; nothing also if there is
  /// none. Refused unless the mode is explicit.
  std::optional<Failure> unload(const std::string& name);

  /// All models of the repositories and all that were loaded, by name and version; only the ready
  /// ones on request. Reads the repositories' folders.
  std::vector<ModelStatus> index(bool only_ready) const;

  /// Loads what is new or has changed, unloads what is gone.
  void poll();

  /// Runs the job later, on the control's own thread, one after another: for `load` and `unload`.
  /// False if too many wait.
  bool post(std::function<void()> job) { return worker_.post(std::move(job)); }

  /// Whether the models that must serve do: those of the start, and those found by polling. One
  /// that was asked for by a request and failed does not count.
  bool ready() const noexcept { return ready_; }

  ControlMode mode() const noexcept { return options_.mode; }

 private:
  static constexpr std::size_t kMostJobs = 64;
  struct Version {
    std::string state, reason;
    std::string stamp;  // of the files that it was loaded from, or failed with
  };
  struct Entry {
    std::mutex busy;  // held by who loads or unloads the model
    // By the control's mutex:
    std::map<Index, Version> versions;
    std::string reason;  // why there is no version at all
    bool must_serve = false;
  };
  struct Busy;

  Failure not_explicit() const;
  Busy take(const std::string& name);
  void let_go(const std::string& name);
  bool is_known(const std::string& name) const;
  std::optional<Failure> load(const std::string& name, const LoadRequest& request, bool must_serve,
                              bool only_changed);
  std::optional<Failure> load_versions(Entry& entry, const LoadPlan& plan, bool only_changed);
  std::optional<Failure> load_version(Entry& entry, const ModelSource& source,
                                      const std::string& stamp);
  void unload_version(Entry& entry, const std::string& name, Index version);
  void unload_entry(const std::string& name);
  bool is_as_stamped(const Entry& entry, Index version, const std::string& stamp) const;
  void set(Entry& entry, Index version, Version state);
  void set_reason(Entry& entry, const std::string& reason);
  void set_must_serve(Entry& entry, bool must_serve);
  void forget_versions(Entry& entry, const std::vector<Index>& wanted);
  void report(const std::string& name, const std::string& reason, const Entry& entry);
  void update_ready();
  void poll_on(const std::stop_token& token);

  Repository& repository_;
  const ControlOptions options_;
  const ModelStore store_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::atomic<bool> ready_ = true;
  std::condition_variable_any wake_;
  std::jthread poller_;
  Worker worker_{kMostJobs};
};

/// Says that a server has no control.
inline constexpr const char* kFixedModels = "this server has the models that it was started with";

/// Whether a server accepts requests and the models that must serve do. Without a control none
/// must.
inline bool is_ready(const Repository& repository, const ModelControl* control) noexcept {
  return repository.accepting() && (!control || control->ready());
}

}  // namespace engine::serve
