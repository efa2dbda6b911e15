#include "serve/control/model_control.h"

#include "serve/core/text.h"

#include <algorithm>
#include <set>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace engine::serve {
namespace {

constexpr const char* kLoading = "LOADING";
constexpr const char* kReady = "READY";
constexpr const char* kUnloading = "UNLOADING";
constexpr const char* kUnavailable = "UNAVAILABLE";

Code code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kResourceExhausted: return Code::kResourceExhausted;
    case ErrorCode::kIo:
    case ErrorCode::kDeviceFailed:
    case ErrorCode::kInternal: return Code::kInternal;
    default: return Code::kInvalidArgument;
  }
}

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {code_of(error.code()), error.what()};
  } catch (const std::bad_alloc&) {
    return {Code::kResourceExhausted, "out of memory"};
  } catch (const std::exception& error) {
    return {Code::kInternal, error.what()};
  }
}

// A large model leaves much behind that the allocator keeps, and that other models may never need.
void give_memory_back() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace

// An entry that this thread alone changes.
struct ModelControl::Busy {
  std::shared_ptr<Entry> entry;
  std::unique_lock<std::mutex> lock;
};

ModelControl::ModelControl(Repository& repository, ControlOptions options)
    : repository_(repository),
      options_(std::move(options)),
      store_(options_.repositories, options_.config_name) {
  for (const ModelSource& model : options_.models)
    if (store_.find(model.name))
      throw Error(ErrorCode::kInvalidArgument,
                  "two models are called " + quote(model.name) + ", one of a model repository");
}

std::size_t ModelControl::start(const std::function<bool()>& go_on) {
  std::set<std::string> names;
  for (const ModelSource& model : options_.models) names.insert(model.name);
  const auto& wanted = options_.load_models;
  if (options_.mode == ControlMode::kExplicit)
    for (const std::string& name : wanted)
      if (name != "*") names.insert(name);
  if (options_.mode != ControlMode::kExplicit || std::ranges::find(wanted, "*") != wanted.end())
    for (std::string& name : store_.names()) names.insert(std::move(name));
  std::size_t failed = 0;
  for (const std::string& name : names) {
    if (!go_on()) return failed;
    if (load(name, {}, true, false)) ++failed;
  }
  if (options_.mode == ControlMode::kPoll)
    poller_ = std::jthread([this](const std::stop_token& token) { poll_on(token); });
  return failed;
}

void ModelControl::stop() {
  poller_.request_stop();
  if (poller_.joinable()) poller_.join();
}

void ModelControl::poll_on(const std::stop_token& token) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, token, options_.poll_interval, [] { return false; })) {
    if (token.stop_requested()) return;
    lock.unlock();
    try {
      poll();
    } catch (const std::exception&) {  // for want of memory; the next time may be better
    }
    lock.lock();
  }
}

void ModelControl::poll() {
  std::set<std::string> here;
  for (std::string& name : store_.names()) here.insert(std::move(name));
  for (const ModelSource& model : options_.models) here.insert(model.name);
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : entries_)
      if (!here.contains(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) unload_entry(name);
  for (const std::string& name : here) load(name, {}, true, true);
}

std::optional<Failure> ModelControl::load(const std::string& name, const LoadRequest& request) {
  if (options_.mode != ControlMode::kExplicit) return not_explicit();
  return load(name, request, false, false);
}

std::optional<Failure> ModelControl::unload(const std::string& name) {
  if (options_.mode != ControlMode::kExplicit) return not_explicit();
  unload_entry(name);
  return {};
}

// Triton's words, which clients look for.
Failure ModelControl::not_explicit() const {
  return {Code::kUnavailable,
          std::string("explicit model load / unload is not allowed if ") +
              (options_.mode == ControlMode::kPoll ? "polling is enabled"
                                                   : "the model control mode is not explicit")};
}

// Another thread may let go of the entry while this one waits for it.
ModelControl::Busy ModelControl::take(const std::string& name) {
  while (true) {
    std::shared_ptr<Entry> entry;
    {
      const std::lock_guard lock(mutex_);
      auto& known = entries_[name];
      if (!known) known = std::make_shared<Entry>();
      entry = known;
    }
    std::unique_lock busy(entry->busy);
    const std::lock_guard lock(mutex_);
    const auto still = entries_.find(name);
    if (still != entries_.end() && still->second == entry) return {entry, std::move(busy)};
  }
}

// Names that only a request knew are forgotten with their models: there is no end to them.
void ModelControl::let_go(const std::string& name) {
  if (!repository_.versions(name).empty() || is_known(name)) return;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second->must_serve) return;
  repository_.forget(name);
  entries_.erase(found);
}

bool ModelControl::is_known(const std::string& name) const {
  if (std::ranges::find(options_.models, name, &ModelSource::name) != options_.models.end())
    return true;
  try {
    return store_.find(name) != nullptr;
  } catch (const Error&) {
    return true;  // it is there, but cannot be loaded
  }
}

std::optional<Failure> ModelControl::load(const std::string& name, const LoadRequest& request,
                                          bool must_serve, bool only_changed) {
  if (!is_model_name(name))
    return Failure{Code::kInvalidArgument, quote(name) + " is no name for a model"};
  if (!request.files.empty() && !request.config)
    return Failure{Code::kInvalidArgument, "failed to load " + quote(name) +
                                               ", parameter 'file' needs parameter 'config' with "
                                               "the model's configuration beside it"};
  if (request.files.empty() && !is_known(name) && !must_serve)
    return Failure{Code::kNotFound, "failed to load " + quote(name) + ": " + kNoSuchModel};
  const Busy busy = take(name);
  Entry& entry = *busy.entry;
  std::optional<Failure> failure;
  try {
    const LoadPlan plan = plan_load(name, request, options_, store_);
    failure = load_versions(entry, plan, only_changed);
    set_reason(entry, {});
  } catch (...) {
    failure = current_failure();
    failure->message = "failed to load " + quote(name) + ": " + failure->message;
    report(name, failure->message, entry);
    set_reason(entry, failure->message);
  }
  if (must_serve) set_must_serve(entry, true);
  let_go(name);
  return failure;
}

std::optional<Failure> ModelControl::load_versions(Entry& entry, const LoadPlan& plan,
                                                   bool only_changed) {
  std::optional<Failure> failure;
  forget_versions(entry, plan.versions);
  for (const Index version : plan.versions) {
    const std::string stamp = plan.stamp(version);
    if (only_changed && is_as_stamped(entry, version, stamp)) continue;
    auto bad = load_version(entry, plan.source(version), stamp);
    if (!bad) continue;
    bad->message =
        "version " + std::to_string(version) + " is at UNAVAILABLE state: " + bad->message + ";";
    if (failure) failure->message += " " + bad->message;
    else failure = std::move(bad);
  }
  if (failure) {
    failure->message = "load failed for model " + quote(plan.name) + ": " + failure->message;
    return failure;
  }
  for (const Index version : repository_.versions(plan.name)) {
    if (std::ranges::binary_search(plan.versions, version)) continue;
    unload_version(entry, plan.name, version);
  }
  return {};
}

std::optional<Failure> ModelControl::load_version(Entry& entry, const ModelSource& source,
                                                  const std::string& stamp) {
  const auto serving = [&] {
    return std::ranges::binary_search(repository_.versions(source.name), source.version);
  };
  if (!serving()) set(entry, source.version, {kLoading, {}, {}});
  std::optional<Failure> failure;
  try {
    const auto model = repository_.load(source);
    if (options_.on_loaded) options_.on_loaded(*model);
    set(entry, source.version, {kReady, {}, stamp});
    return {};
  } catch (...) {
    failure = current_failure();
  }
  if (options_.on_failed)
    options_.on_failed(source.name,
                       "version " + std::to_string(source.version) + ": " + failure->message);
  set(entry, source.version, {serving() ? kReady : kUnavailable, failure->message, stamp});
  return failure;
}

void ModelControl::unload_version(Entry& entry, const std::string& name, Index version) {
  set(entry, version, {kUnloading, {}, {}});
  repository_.unload(name, version);
  set(entry, version, {kUnavailable, "unloaded", {}});
  give_memory_back();
}

void ModelControl::unload_entry(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (!entries_.contains(name)) return;
  }
  const Busy busy = take(name);
  for (const Index version : repository_.versions(name)) unload_version(*busy.entry, name, version);
  set_reason(*busy.entry, {});
  set_must_serve(*busy.entry, false);
  let_go(name);
}

bool ModelControl::is_as_stamped(const Entry& entry, Index version,
                                 const std::string& stamp) const {
  const std::lock_guard lock(mutex_);
  const auto found = entry.versions.find(version);
  return found != entry.versions.end() && found->second.stamp == stamp;
}

void ModelControl::set(Entry& entry, Index version, Version state) {
  const std::lock_guard lock(mutex_);
  entry.versions[version] = std::move(state);
  update_ready();
}

void ModelControl::set_reason(Entry& entry, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  entry.reason = reason;
}

void ModelControl::set_must_serve(Entry& entry, bool must_serve) {
  const std::lock_guard lock(mutex_);
  entry.must_serve = must_serve;
  update_ready();
}

// Versions that neither serve nor are to: requests can make up numbers without end.
void ModelControl::forget_versions(Entry& entry, const std::vector<Index>& wanted) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entry.versions, [&](const auto& version) {
    return version.second.state == kUnavailable &&
           !std::ranges::binary_search(wanted, version.first);
  });
}

void ModelControl::report(const std::string& name, const std::string& reason, const Entry& entry) {
  {
    const std::lock_guard lock(mutex_);
    if (entry.reason == reason) return;  // each poll would say it again
  }
  if (options_.on_failed) options_.on_failed(name, reason);
}

void ModelControl::update_ready() {
  const auto serves = [](const auto& named) {
    const Entry& entry = *named.second;
    return !entry.must_serve || std::ranges::any_of(entry.versions, [](const auto& version) {
      return version.second.state == kReady;
    });
  };
  ready_ = !options_.strict_readiness || std::ranges::all_of(entries_, serves);
}

std::vector<ModelStatus> ModelControl::index(bool only_ready) const {
  std::vector<ModelStatus> list;
  std::set<std::string> names;
  if (!only_ready)
    for (std::string& name : store_.names()) names.insert(std::move(name));
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) names.insert(name);
  for (const std::string& name : names) {
    const auto found = entries_.find(name);
    const bool failed = found != entries_.end() && !found->second->reason.empty();
    if (found != entries_.end())
      for (const auto& [version, state] : found->second->versions)
        if (!only_ready || state.state == kReady)
          list.push_back({name, std::to_string(version), state.state, state.reason});
    const bool listed = !list.empty() && list.back().name == name;
    if (only_ready || (listed && !failed)) continue;
    list.push_back({name, {}, failed ? kUnavailable : "", failed ? found->second->reason : ""});
  }
  return list;
}

}  // namespace engine::serve
