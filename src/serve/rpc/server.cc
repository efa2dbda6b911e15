#include "serve/rpc/server.h"

#include "serve/rpc/api.h"
#include "serve/rpc/health.h"
#include "serve/rpc/infer_call.h"
#include "serve/rpc/unary_call.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <thread>
#include <type_traits>

namespace engine::serve::rpc {
namespace {

constexpr int kAwaited = 64;  // inference calls that a queue can take at once

std::shared_ptr<::grpc::ServerCredentials> credentials_of(const std::optional<TlsOptions>& tls) {
  if (!tls) return ::grpc::InsecureServerCredentials();
  ::grpc::SslServerCredentialsOptions options(
      tls->mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_key_cert_pairs.push_back({tls->key, tls->certificate});
  options.pem_root_certs = tls->root;
  return ::grpc::SslServerCredentials(options);
}

std::string listened(const ServerOptions& options) {
  if (options.address.starts_with("unix:")) return options.address;
  const bool v6 = options.address.find(':') != options.address.npos;
  return (v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
}

void help(InferQueue& queue) {
  for (const auto& model : queue.helped) model->batcher().help();
  queue.helped.clear();
}

// Requests that were submitted wait while more calls are at hand, to share a batch with them.
void work_off(InferQueue& queue) {
  constexpr std::size_t kMostWaiting = 64;
  using Got = ::grpc::CompletionQueue::NextStatus;
  queue.helped.reserve(kMostWaiting);  // nothing that was submitted may fail afterwards
  void* tag = nullptr;
  bool ok = false;
  while (true) {
    if (queue.helped.empty()) {
      if (!queue.calls->Next(&tag, &ok)) return;
    } else {
      const Got got = queue.calls->AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC));
      if (got != Got::GOT_EVENT || queue.helped.size() >= kMostWaiting) help(queue);
      if (got != Got::GOT_EVENT) continue;
    }
    static_cast<Step*>(tag)->finish(ok);
  }
}

}  // namespace

struct Server::Impl {
  Impl(Repository& repository, const ServerOptions& options)
      : repository(repository),
        options(options),
        api(repository, options.control, options.memory),
        watch{health, repository, options.control, counts} {}

  void build();
  void start();
  void await_questions(::grpc::ServerCompletionQueue* queue);
  void end(Time give_up);

  // Takes calls of a method of `of`, from now on.
  template <class Request, class Response, class Of>
  void await(std::type_identity_t<Of>& of,
             void (Of::*request)(::grpc::ServerContext*, Request*,
                                 ::grpc::ServerAsyncResponseWriter<Response>*,
                                 ::grpc::CompletionQueue*, ::grpc::ServerCompletionQueue*, void*),
             ::grpc::ServerCompletionQueue* queue,
             ::grpc::Status (Api::*handle)(const Request&, Response&) const,
             Executor executor = {}) {
    using Method = UnaryMethod<Request, Response>;
    auto method = std::make_shared<Method>(Method{counts});
    method->await = [&of, request](auto* context, auto* message, auto* writer, auto* calls,
                                   void* tag) {
      (of.*request)(context, message, writer, calls, calls, tag);
    };
    method->handle = [this, handle](const Request& message, Response& response) {
      return (api.*handle)(message, response);
    };
    method->executor = std::move(executor);
    UnaryCall<Request, Response>::await(std::move(method), queue);
  }
  Executor control_thread() const;

  Repository& repository;
  const ServerOptions options;
  const Api api;
  Service service;
  HealthService health;
  CallCounts counts;
  HealthWatch watch;
  std::unique_ptr<::grpc::Server> server;
  std::list<InferQueue> queues;  // one for each thread
  std::vector<std::thread> threads;
  int port = 0;
};

void Server::Impl::build() {
  // Else whoever reaches the port writes lines to the log: for each message that is none, each
  // handshake that fails.
  google::protobuf::SetLogHandler(nullptr);
  gpr_set_log_function([](gpr_log_func_args*) {});
  ::grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  ::grpc::ServerBuilder builder;
  builder.AddListeningPort(listened(options), credentials_of(options.tls), &port);
  builder.RegisterService(&service);
  builder.RegisterService(&health);
  builder.SetMaxReceiveMessageSize(options.max_message);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Threads of reflection, the only service that blocks.
  builder.SetSyncServerOption(::grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(::grpc::ServerBuilder::MAX_POLLERS, 1);
  for (int i = 0; i < options.threads; ++i)
    queues.emplace_back(service, repository, options.memory, counts, builder.AddCompletionQueue());
  server = builder.BuildAndStart();
  const bool by_path = options.address.starts_with("unix:");
  if (!server || (port == 0 && !by_path))
    throw Error(ErrorCode::kIo, "cannot listen at " + listened(options) +
                                    " for gRPC: Address already in use, or not of this machine");
}

void Server::Impl::await_questions(::grpc::ServerCompletionQueue* queue) {
  await(service, &Service::RequestServerLive, queue, &Api::server_live);
  await(service, &Service::RequestServerReady, queue, &Api::server_ready);
  await(service, &Service::RequestServerMetadata, queue, &Api::server_metadata);
  await(service, &Service::RequestModelReady, queue, &Api::model_ready);
  await(service, &Service::RequestModelMetadata, queue, &Api::model_metadata);
  await(service, &Service::RequestModelConfig, queue, &Api::model_config);
  await(service, &Service::RequestModelStatistics, queue, &Api::model_statistics);
  await(service, &Service::RequestSystemSharedMemoryStatus, queue, &Api::memory_status);
  await(service, &Service::RequestSystemSharedMemoryRegister, queue, &Api::memory_register);
  await(service, &Service::RequestSystemSharedMemoryUnregister, queue, &Api::memory_unregister);
  await(service, &Service::RequestCudaSharedMemoryStatus, queue, &Api::cuda_status);
  await(service, &Service::RequestCudaSharedMemoryRegister, queue, &Api::cuda_register);
  await(service, &Service::RequestCudaSharedMemoryUnregister, queue, &Api::cuda_unregister);
  await(service, &Service::RequestTraceSetting, queue, &Api::trace_setting);
  await(service, &Service::RequestLogSettings, queue, &Api::log_settings);
  // What takes its time.
  await(service, &Service::RequestRepositoryIndex, queue, &Api::index, control_thread());
  await(service, &Service::RequestRepositoryModelLoad, queue, &Api::load, control_thread());
  await(service, &Service::RequestRepositoryModelUnload, queue, &Api::unload, control_thread());
  await(health, &HealthService::RequestCheck, queue, &Api::health);
  await_watch(watch, queue);
}

Executor Server::Impl::control_thread() const {
  if (!options.control) return {};
  return [control = options.control](std::function<void()> work) {
    return control->post(std::move(work));
  };
}

void Server::Impl::start() {
  for (InferQueue& queue : queues) {
    await_questions(queue.calls.get());
    await_stream(queue);
    for (int i = 0; i < kAwaited; ++i) await_infer(queue);
    threads.emplace_back([&queue] { work_off(queue); });
  }
}

// Watches and streams without a request are not waited for: clients may hold them for ever.
void Server::Impl::end(Time give_up) {
  constexpr std::chrono::milliseconds kLook{2}, kLeave{200};
  if (!server) return;
  while (counts.unanswered != 0 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(kLook);
  server->Shutdown(std::chrono::system_clock::now() + kLeave);
  while (counts.begun != 0) std::this_thread::sleep_for(kLook);  // operations need their queue
  for (InferQueue& queue : queues) queue.calls->Shutdown();
  for (std::thread& thread : threads) thread.join();
  server.reset();
}

Server::Server(Repository& repository, const ServerOptions& options)
    : impl_(std::make_unique<Impl>(repository, options)) {
  impl_->build();
  impl_->start();
}

Server::~Server() { end(Time::min()); }

int Server::port() const noexcept { return impl_->port; }

void Server::end(Time give_up) { impl_->end(give_up); }

}  // namespace engine::serve::rpc
