// The calls that ask about the server and its models, as messages.
#pragma once

#include "serve/control/model_control.h"
#include "serve/core/repository.h"
#include "serve/core/shared_memory.h"
#include "serve/proto/grpc_service.pb.h"
#include "serve/proto/health.pb.h"

#include <grpcpp/support/status.h>

namespace engine::serve::rpc {

/// Thread-safe. Statuses and words as Triton's. `index`, `load` and `unload` take their time.
class Api {
 public:
  using Status = ::grpc::Status;

  /// Without a control no model is loaded or unloaded, without a memory no region is registered.
  Api(Repository& repository, ModelControl* control, SharedMemory* memory)
      : repository_(repository), control_(control), memory_(memory) {}

  Status server_live(const inference::ServerLiveRequest& request,
                     inference::ServerLiveResponse& response) const;
  Status server_ready(const inference::ServerReadyRequest& request,
                      inference::ServerReadyResponse& response) const;
  Status server_metadata(const inference::ServerMetadataRequest& request,
                         inference::ServerMetadataResponse& response) const;
  Status health(const ::grpc::health::v1::HealthCheckRequest& request,
                ::grpc::health::v1::HealthCheckResponse& response) const;

  Status model_ready(const inference::ModelReadyRequest& request,
                     inference::ModelReadyResponse& response) const;
  Status model_metadata(const inference::ModelMetadataRequest& request,
                        inference::ModelMetadataResponse& response) const;
  Status model_config(const inference::ModelConfigRequest& request,
                      inference::ModelConfigResponse& response) const;
  Status model_statistics(const inference::ModelStatisticsRequest& request,
                          inference::ModelStatisticsResponse& response) const;

  Status index(const inference::RepositoryIndexRequest& request,
               inference::RepositoryIndexResponse& response) const;
  Status load(const inference::RepositoryModelLoadRequest& request,
              inference::RepositoryModelLoadResponse& response) const;
  Status unload(const inference::RepositoryModelUnloadRequest& request,
                inference::RepositoryModelUnloadResponse& response) const;

  Status memory_status(const inference::SystemSharedMemoryStatusRequest& request,
                       inference::SystemSharedMemoryStatusResponse& response) const;
  Status memory_register(const inference::SystemSharedMemoryRegisterRequest& request,
                         inference::SystemSharedMemoryRegisterResponse& response) const;
  Status memory_unregister(const inference::SystemSharedMemoryUnregisterRequest& request,
                           inference::SystemSharedMemoryUnregisterResponse& response) const;

  /// There are no regions of CUDA: none is listed, and none can be registered.
  Status cuda_status(const inference::CudaSharedMemoryStatusRequest& request,
                     inference::CudaSharedMemoryStatusResponse& response) const;
  Status cuda_register(const inference::CudaSharedMemoryRegisterRequest& request,
                       inference::CudaSharedMemoryRegisterResponse& response) const;
  Status cuda_unregister(const inference::CudaSharedMemoryUnregisterRequest& request,
                         inference::CudaSharedMemoryUnregisterResponse& response) const;

  /// What the server has of Triton's settings, which requests do not change: keys that it does not
  /// know are ignored.
  Status trace_setting(const inference::TraceSettingRequest& request,
                       inference::TraceSettingResponse& response) const;
  Status log_settings(const inference::LogSettingsRequest& request,
                      inference::LogSettingsResponse& response) const;

 private:
  std::shared_ptr<ServedModel> find(const std::string& name, const std::string& version,
                                    Failure& why) const;
  Repository& repository_;
  ModelControl* const control_;
  SharedMemory* const memory_;
};

}  // namespace engine::serve::rpc
