// The calls that ask about the server and its models, as messages.
#pragma once

#include "serve/core/repository.h"
#include "serve/proto/grpc_service.pb.h"

#include <grpcpp/support/status.h>

namespace engine::serve::rpc {

/// Thread-safe. Statuses and words as Triton's.
class Api {
 public:
  explicit Api(Repository& repository) : repository_(repository) {}

  ::grpc::Status server_live(inference::ServerLiveResponse& response) const;
  ::grpc::Status server_ready(inference::ServerReadyResponse& response) const;
  ::grpc::Status server_metadata(inference::ServerMetadataResponse& response) const;
  ::grpc::Status model_ready(const inference::ModelReadyRequest& request,
                             inference::ModelReadyResponse& response) const;
  ::grpc::Status model_metadata(const inference::ModelMetadataRequest& request,
                                inference::ModelMetadataResponse& response) const;
  ::grpc::Status model_statistics(const inference::ModelStatisticsRequest& request,
                                  inference::ModelStatisticsResponse& response) const;

 private:
  std::shared_ptr<ServedModel> find(const std::string& name, const std::string& version,
                                    Failure& why) const;
  Repository& repository_;
};

}  // namespace engine::serve::rpc
