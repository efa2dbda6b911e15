// The calls that run models.
#pragma once

#include "serve/core/repository.h"
#include "serve/core/shared_memory.h"
#include "serve/proto/grpc_service.grpc.pb.h"
#include "serve/rpc/step.h"

#include <grpcpp/completion_queue.h>

namespace engine::serve::rpc {

/// The service, whose inference calls are bytes (serve/rpc/infer_wire).
using Service = inference::GRPCInferenceService::WithRawMethod_ModelInfer<
    inference::GRPCInferenceService::WithRawMethod_ModelStreamInfer<
        inference::GRPCInferenceService::AsyncService>>;

/// One thread's completion queue and what its calls need; outlives them.
struct InferQueue {
  InferQueue(Service& service, Repository& repository, const SharedMemory* memory,
             CallCounts& counts, std::unique_ptr<::grpc::ServerCompletionQueue> calls)
      : service(service),
        repository(repository),
        memory(memory),
        counts(counts),
        calls(std::move(calls)) {}
  InferQueue(const InferQueue&) = delete;

  Service& service;
  Repository& repository;
  const SharedMemory* const memory;  ///< null: clients have none
  CallCounts& counts;
  const std::unique_ptr<::grpc::ServerCompletionQueue> calls;
  std::vector<std::shared_ptr<ServedModel>> helped;  ///< when the thread has nothing else to do
  const Repository::Help help = [this](const auto& model) { helped.push_back(model); };
};

/// Waits for a ModelInfer, answers it, and so on until the server is shut down.
void await_infer(InferQueue& queue);

/// The same for ModelStreamInfer: answers come in the order in which they are ready.
void await_stream(InferQueue& queue);

}  // namespace engine::serve::rpc
