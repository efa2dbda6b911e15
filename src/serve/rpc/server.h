// KServe's service over gRPC.
#pragma once

#include "serve/control/model_control.h"
#include "serve/core/repository.h"
#include "serve/core/shared_memory.h"

#include <memory>
#include <string>

namespace engine::serve::rpc {

/// Texts in PEM.
struct TlsOptions {
  std::string certificate, key;
  std::string root = {};  ///< of whom clients must have their certificates, if `mutual`
  bool mutual = false;    ///< clients must show a certificate too
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< or "unix:///PATH", and the port is not used
  int port = 8001;                    ///< 0: any that is free
  int threads = 1;
  int max_message = 64 << 20;  ///< bytes of a request
  std::optional<TlsOptions> tls = {};
  ModelControl* control = nullptr;  ///< null: no model is loaded or unloaded by request
  SharedMemory* memory = nullptr;   ///< null: clients have no shared memory with the server
};

/// Listens as soon as it is made; answers on threads of its own. Has the health service and
/// reflection beside the protocol's.
class Server {
 public:
  /// Throws Error (kIo) if the address cannot be bound.
  Server(Repository& repository, const ServerOptions& options);
  /// As `end` at once.
  ~Server();

  int port() const noexcept;

  /// After `Repository::drain` and `Repository::stop`: takes no calls, and returns when all that
  /// were begun have their answers, or ends them at `give_up`.
  void end(Time give_up);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::serve::rpc
