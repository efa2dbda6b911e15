// The paths of KServe's protocol, version 2, over HTTP.
#pragma once

#include "serve/control/model_control.h"
#include "serve/core/repository.h"
#include "serve/core/shared_memory.h"
#include "serve/http/message.h"

#include <functional>

namespace engine::serve::http {

/// Answers requests on a repository. Thread-safe; knows no connections. Requests that load or
/// unload models are answered from the control's thread.
class Api {
 public:
  /// Makes a response. It is called once, wherever encoding may take time.
  using Encode = std::function<HttpResponse()>;
  /// Called once for each request, from within `handle` or from a model's thread.
  using Reply = std::function<void(Encode)>;

  /// Without a control no model is loaded or unloaded by request, without a memory no region is
  /// registered. A body unpacks to `max_body` bytes at most.
  Api(Repository& repository, ModelControl* control, SharedMemory* memory, std::size_t max_body,
      Repository::Help help)
      : repository_(repository),
        control_(control),
        memory_(memory),
        max_body_(max_body),
        help_(std::move(help)) {}

  void handle(HttpRequest request, const Reply& reply);

  /// Answers on a port that has /metrics and nothing else.
  void handle_metrics(const HttpRequest& request, const Reply& reply) const;

 private:
  struct ModelPath {
    std::string name;
    std::optional<Index> version;
    std::string action;  ///< "", "ready", "infer", "stats" or "config"
  };
  static std::optional<ModelPath> parse_model_path(std::string_view path);

  struct RepositoryPath {
    std::string model;   ///< empty for the index
    std::string action;  ///< "index", "load" or "unload"
  };
  static std::optional<RepositoryPath> parse_repository_path(std::string_view path);

  bool ready() const noexcept { return is_ready(repository_, control_); }
  void manage(const RepositoryPath& path, HttpRequest request, const Reply& reply);
  HttpResponse managed(const RepositoryPath& path, std::string_view body) const;
  HttpResponse server(const std::string& path) const;
  HttpResponse model(const ModelPath& path) const;
  HttpResponse model_statistics() const;
  void infer(const ModelPath& path, HttpRequest request, const Reply& reply);

  Repository& repository_;
  ModelControl* const control_;
  SharedMemory* const memory_;
  const std::size_t max_body_;
  const Repository::Help help_;
};

}  // namespace engine::serve::http
