// gRPC's standard health service.
#pragma once

#include "serve/control/model_control.h"
#include "serve/core/repository.h"
#include "serve/proto/health.grpc.pb.h"
#include "serve/rpc/step.h"

#include <grpcpp/completion_queue.h>

namespace engine::serve::rpc {

using HealthService = ::grpc::health::v1::Health::AsyncService;

/// The server's readiness, whatever service is asked for, as Triton does.
::grpc::health::v1::HealthCheckResponse health_of(const Repository& repository,
                                                  const ModelControl* control);

/// What calls of Watch need; outlives them.
struct HealthWatch {
  HealthService& service;
  const Repository& repository;
  const ModelControl* control;
  CallCounts& counts;
};

/// Waits for a Watch, and so on: says how it is, and each change within a second.
void await_watch(HealthWatch& watch, ::grpc::ServerCompletionQueue* queue);

}  // namespace engine::serve::rpc
