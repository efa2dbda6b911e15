#include "serve/core/repository.h"

#include "serve/core/text.h"

#include <utility>

namespace engine::serve {

std::shared_ptr<ServedModel> Repository::load(const ModelSource& source) {
  auto model = std::make_shared<ServedModel>(source, memory_);
  auto before = model;
  {
    const std::unique_lock lock(mutex_);
    std::swap(models_[source.name][source.version], before);
  }
  if (before) before->batcher().stop();
  return model;
}

bool Repository::unload(const std::string& name, std::optional<Index> version) {
  Versions versions;
  {
    const std::unique_lock lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end()) return false;
    if (!version) std::swap(versions, found->second);
    else if (auto one = found->second.extract(*version)) versions.insert(std::move(one));
  }
  if (versions.empty()) return false;
  for (const auto& [version, model] : versions) model->batcher().stop();
  return true;
}

void Repository::forget(const std::string& name) {
  const std::unique_lock lock(mutex_);
  const auto found = models_.find(name);
  if (found != models_.end() && found->second.empty()) models_.erase(found);
}

std::shared_ptr<ServedModel> Repository::find(std::string_view name, std::optional<Index> version,
                                              Failure& why) const {
  const std::shared_lock lock(mutex_);
  const std::string unknown = "Request for unknown model: " + quote(name);
  const auto found = models_.find(name);
  if (found == models_.end()) {
    why = {Code::kNotFound, unknown + " is not found"};
    return {};
  }
  const Versions& versions = found->second;
  if (versions.empty()) {
    why = {Code::kNotFound, unknown + " has no available versions"};
    return {};
  }
  if (!version) return versions.rbegin()->second;
  const auto wanted = versions.find(*version);
  if (wanted != versions.end()) return wanted->second;
  why = {Code::kNotFound, unknown + " version " + std::to_string(*version) + " is not found"};
  return {};
}

Ticket Repository::submit(std::shared_ptr<ServedModel>& model, std::optional<Index> version,
                          Request request, OnDone on_done, const Help& help) const {
  request.helped = static_cast<bool>(help);
  while (true) {
    if (const auto ticket = model->batcher().try_submit(request, on_done)) {
      if (help) help(model);
      return *ticket;
    }
    Failure why;
    auto other = find(model->name(), version, why);
    if (!other) {
      on_done({{}, std::move(why), 0});
      return {};
    }
    model = std::move(other);
  }
}

std::vector<Index> Repository::versions(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  std::vector<Index> list;
  const auto found = models_.find(name);
  if (found == models_.end()) return list;
  for (const auto& [version, model] : found->second) list.push_back(version);
  return list;
}

std::vector<std::shared_ptr<ServedModel>> Repository::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<ServedModel>> list;
  for (const auto& [name, versions] : models_)
    for (const auto& [version, model] : versions) list.push_back(model);
  return list;
}

void Repository::stop(Time give_up) {
  std::vector<Versions> all;
  {
    const std::unique_lock lock(mutex_);
    for (auto& [name, versions] : models_) all.push_back(std::exchange(versions, {}));
  }
  for (const Versions& versions : all)
    for (const auto& [version, model] : versions) model->batcher().stop(give_up);
}

}  // namespace engine::serve
