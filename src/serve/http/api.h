// The paths of KServe's protocol, version 2, over HTTP.
#pragma once

#include "serve/core/repository.h"
#include "serve/http/message.h"

#include <atomic>
#include <functional>

namespace engine::serve::http {

/// Answers requests on a repository. Thread-safe; knows no connections.
class Api {
 public:
  /// Makes a response. It is called once, wherever encoding may take time.
  using Encode = std::function<HttpResponse()>;
  /// Called once for each request, from within `handle` or from a model's thread.
  using Reply = std::function<void(Encode)>;

  explicit Api(Repository& repository) : repository_(repository) {}

  void handle(HttpRequest request, const Reply& reply);

  /// From now on the server says that it is not ready, and refuses to infer.
  void drain() noexcept { draining_ = true; }

 private:
  struct ModelPath {
    std::string name;
    std::optional<Index> version;
    std::string action;  ///< "", "ready", "infer", "stats" or "config"
  };
  static std::optional<ModelPath> parse_model_path(std::string_view path);

  HttpResponse server(const std::string& path) const;
  HttpResponse model(const ModelPath& path) const;
  HttpResponse model_statistics() const;
  void infer(const ModelPath& path, HttpRequest request, const Reply& reply);

  Repository& repository_;
  std::atomic<bool> draining_ = false;
};

}  // namespace engine::serve::http
