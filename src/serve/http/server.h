// HTTP/1.1 on a socket.
#pragma once

#include "serve/http/api.h"

#include <chrono>
#include <cstdint>

namespace engine::serve::http {

struct ServerOptions {
  ModelControl* control = nullptr;  ///< Api's; outlives the server
  SharedMemory* memory = nullptr;   ///< Api's; outlives the server
  bool only_metrics = false;        ///< answers at /metrics and nowhere else
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;  ///< 0: any that is free
  int threads = 1;
  std::size_t max_body = std::size_t{64} << 20;
  std::uint32_t max_header = 16 << 10;
  std::size_t max_connections = 1024;
  std::chrono::seconds idle_timeout{75};  ///< between requests, and for a header
  std::chrono::seconds body_timeout{60};  ///< for a body to arrive, or an answer to leave
};

/// Listens as soon as it is made; answers on threads of its own. Requests of a connection are
/// answered one after another in their order, also if they are sent without waiting.
class Server {
 public:
  /// Throws Error (kIo) if the address cannot be bound.
  Server(Repository& repository, const ServerOptions& options);
  /// As `end` at once.
  ~Server();

  std::uint16_t port() const noexcept;

  /// Listens no more and closes idle connections, once the repository accepts nothing. Requests
  /// that were read are answered.
  void drain();

  /// After `drain`: returns when all connections are closed, or closes them at `give_up`. Waits for
  /// the repository's answers however long they take.
  void end(Time give_up);

 private:
  friend class Connection;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace engine::serve::http
