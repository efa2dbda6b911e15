// The models that are served, by name and version.
#pragma once

#include "serve/core/served_model.h"

#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string_view>

namespace engine::serve {

/// Thread-safe. A model stays alive while someone holds it, but answers no more once unloaded.
class Repository {
 public:
  /// `memory` bounds what the requests of all models hold together.
  explicit Repository(std::size_t memory) : memory_(std::make_shared<MemoryBudget>(memory)) {}
  ~Repository() { stop(Time::max()); }

  /// Loads a version, beside others of its name. One that is there is exchanged once the new one
  /// is ready, and finishes what it accepted before this returns. Throws Error; nothing changes
  /// then.
  std::shared_ptr<ServedModel> load(const ModelSource& source);

  /// Takes a version, or all versions of a name, out, and returns when they have answered what they
  /// accepted. False if there are none.
  bool unload(const std::string& name, std::optional<Index> version = {});

  /// Drops a name without versions: it then is not known, instead of unloaded.
  void forget(const std::string& name);

  /// The version, or the newest; else null and `why`.
  std::shared_ptr<ServedModel> find(std::string_view name, std::optional<Index> version,
                                    Failure& why) const;

  /// Is given a model to whose batcher a request went, and sees that `Batcher::help` is called on
  /// this thread once no more requests are at hand.
  using Help = std::function<void(const std::shared_ptr<ServedModel>&)>;

  /// Submits to a model that was found by this version, or as the newest; if it has been exchanged
  /// or unloaded since, to what would be found now, which `model` then is before the callback can
  /// be called.
  Ticket submit(std::shared_ptr<ServedModel>& model, std::optional<Index> version, Request request,
                OnDone on_done, const Help& help = {}) const;

  /// Versions of a name, rising; all models in order of their names.
  std::vector<Index> versions(std::string_view name) const;
  std::vector<std::shared_ptr<ServedModel>> all() const;

  /// From now on nothing is accepted: protocols say that they are not ready.
  void drain() noexcept { accepting_ = false; }
  bool accepting() const noexcept { return accepting_; }

  /// Unloads everything; `give_up` as for Batcher::stop.
  void stop(Time give_up);

  const MemoryBudget& memory() const noexcept { return *memory_; }

 private:
  using Versions = std::map<Index, std::shared_ptr<ServedModel>>;

  const std::shared_ptr<MemoryBudget> memory_;
  std::atomic<bool> accepting_ = true;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Versions, std::less<>> models_;  // an empty one was unloaded
};

}  // namespace engine::serve
