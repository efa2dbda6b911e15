#include "tools/serve/services.h"

#include "tools/serve/repository_options.h"
#include "tools/text/print.h"

#include "base/check.h"
#include "base/text.h"

#include <fstream>
#include <iterator>

namespace engine::tools {
namespace {

std::string text_of(const std::string& file, const char* option) {
  if (file.empty())
    fail(ErrorCode::kInvalidArgument, option, " is missing: it names a file in PEM");
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in || text.empty())
    fail(ErrorCode::kInvalidArgument, option, ": ", quote(file), " cannot be read, or is empty");
  return text;
}

std::optional<serve::rpc::TlsOptions> tls_of(const Tls& tls) {
  if (!tls.use && !tls.mutual) return {};
  serve::rpc::TlsOptions options{.certificate = text_of(tls.certificate, "--grpc-server-cert"),
                                 .key = text_of(tls.key, "--grpc-server-key")};
  options.mutual = tls.mutual;
  if (tls.mutual) options.root = text_of(tls.root, "--grpc-root-cert");
  return options;
}

// The words that scripts of today wait for.
void announce(std::string_view service, const std::string& address, int port) {
  const bool by_path = address.starts_with("unix:");
  print("Started {} at {}\n", service, by_path ? address : address + ":" + std::to_string(port));
  std::fflush(stdout);
}

void add_http_options(CLI::App& app, serve::http::ServerOptions& http) {
  app.add_option("--http-port", http.port, "port; 0: any that is free")->capture_default_str();
  app.add_option("--http-address", http.address, "address to listen at")->capture_default_str();
  app.add_option("--http-thread-count", http.threads, "threads that read and write")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--http-max-input-size", http.max_body, "bytes of a request's body")
      ->capture_default_str();
}

void add_port_options(CLI::App& app, ServiceOptions& options) {
  app.add_option("--metrics-port", options.metrics.port, "port of /metrics; 0: any that is free")
      ->capture_default_str();
  app.add_option("--metrics-address", options.metrics.address, "address to listen at")
      ->capture_default_str();
  app.add_option("--allow-http", options.allow_http, "serve HTTP")->capture_default_str();
  app.add_option("--allow-grpc", options.allow_grpc, "serve gRPC")->capture_default_str();
  app.add_option("--allow-metrics", options.allow_metrics, "serve /metrics")->capture_default_str();
  app.add_option("--allow-client-shm", options.allow_client_shm,
                 "clients may send tensors through system shared memory (default: if the address "
                 "is one of this machine alone)");
}

void add_grpc_options(CLI::App& app, serve::rpc::ServerOptions& grpc) {
  app.add_option("--grpc-port", grpc.port, "port; 0: any that is free")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  app.add_option("--grpc-address", grpc.address, "address to listen at, or unix:///PATH")
      ->capture_default_str();
  app.add_option("--grpc-infer-thread-count", grpc.threads, "threads that read and write")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--grpc-max-input-size", grpc.max_message, "bytes of a request")
      ->capture_default_str()
      ->check(CLI::Range(1, 2'147'483'647));
}

void add_tls_options(CLI::App& app, Tls& tls) {
  app.add_option("--grpc-use-ssl", tls.use, "TLS for gRPC")->capture_default_str();
  app.add_option("--grpc-use-ssl-mutual", tls.mutual,
                 "TLS for gRPC, of clients with a certificate of --grpc-root-cert alone")
      ->capture_default_str();
  app.add_option("--grpc-server-cert", tls.certificate, "the server's certificate, in PEM")
      ->type_name("FILE");
  app.add_option("--grpc-server-key", tls.key, "its key, in PEM")->type_name("FILE");
  app.add_option("--grpc-root-cert", tls.root, "who signs the certificates of clients, in PEM")
      ->type_name("FILE");
}

}  // namespace

void add_service_options(CLI::App& app, ServiceOptions& options) {
  add_http_options(app, options.http);
  add_grpc_options(app, options.grpc);
  add_tls_options(app, options.tls);
  add_port_options(app, options);
}

Services::Services(serve::Repository& repository, serve::ModelControl& control,
                   serve::SharedMemory& memory, const ServiceOptions& options) {
  const auto shared = [&](const std::string& address) {
    return options.allow_client_shm.value_or(is_local(address)) ? &memory : nullptr;
  };
  if (options.allow_grpc) {
    serve::rpc::ServerOptions grpc = options.grpc;
    grpc.control = &control;
    grpc.memory = shared(grpc.address);
    grpc.tls = tls_of(options.tls);
    grpc_.emplace(repository, grpc);
    announce("GRPCInferenceService", grpc.address, grpc_->port());
  }
  if (options.allow_http) {
    serve::http::ServerOptions http = options.http;
    http.control = &control;
    http.memory = shared(http.address);
    http_.emplace(repository, http);
    announce("HTTPService", http.address, http_->port());
  }
  if (options.allow_metrics) {
    metrics_.emplace(repository, options.metrics);
    announce("Metrics Service", options.metrics.address, metrics_->port());
  }
}

void Services::drain() {
  if (http_) http_->drain();
}

void Services::end(serve::Time give_up) {
  if (http_) http_->end(give_up);
  if (grpc_) grpc_->end(give_up);
  if (!metrics_) return;
  metrics_->drain();
  metrics_->end(give_up);
}

}  // namespace engine::tools
