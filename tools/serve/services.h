// The ports that `engine serve` listens at.
#pragma once

#include "serve/http/server.h"
#include "serve/rpc/server.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace engine::tools {

/// TLS of gRPC, in files.
struct Tls {
  bool use = false, mutual = false;
  std::string certificate, key, root;  // files
};

struct ServiceOptions {
  serve::http::ServerOptions http;
  serve::rpc::ServerOptions grpc;
  serve::http::ServerOptions metrics{.only_metrics = true, .port = 8002, .max_connections = 64};
  Tls tls;
  bool allow_http = true, allow_grpc = true, allow_metrics = true;
  std::optional<bool> allow_client_shm = {};  ///< nothing: where only this machine reaches the port
};

/// Adds their options, under Triton's names.
void add_service_options(CLI::App& app, ServiceOptions& options);

/// Servers of gRPC, HTTP and metrics. Says of each where it listens, in the words that scripts wait
/// for.
class Services {
 public:
  /// Listens. Throws Error if an address cannot be bound or a file of TLS cannot be read.
  Services(serve::Repository& repository, serve::ModelControl& control, serve::SharedMemory& memory,
           const ServiceOptions& options);

  /// As those of the servers, after Repository::drain and Repository::stop.
  void drain();
  void end(serve::Time give_up);

 private:
  std::optional<serve::rpc::Server> grpc_;
  std::optional<serve::http::Server> http_, metrics_;
};

}  // namespace engine::tools
