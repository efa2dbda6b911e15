// The calls that run models.
#pragma once

#include "serve/core/repository.h"
#include "serve/proto/grpc_service.grpc.pb.h"
#include "serve/rpc/step.h"

#include <grpcpp/completion_queue.h>

namespace engine::serve::rpc {

/// The service, whose inference calls are bytes (serve/rpc/infer_wire).
using Service = inference::GRPCInferenceService::WithRawMethod_ModelInfer<
    inference::GRPCInferenceService::WithRawMethod_ModelStreamInfer<
        inference::GRPCInferenceService::AsyncService>>;

/// What calls are taken from and answered by; outlives them.
struct InferService {
  Service& service;
  Repository& repository;
  CallCounts& counts;
};

/// Waits for a ModelInfer, answers it, and so on until the server is shut down.
void await_infer(InferService& infer, ::grpc::ServerCompletionQueue* queue);

/// The same for ModelStreamInfer: answers come in the order in which they are ready.
void await_stream(InferService& infer, ::grpc::ServerCompletionQueue* queue);

}  // namespace engine::serve::rpc
