#include "serve/rpc/api.h"

#include "serve/core/datatype.h"
#include "serve/core/server_info.h"
#include "serve/rpc/health.h"
#include "serve/rpc/infer_wire.h"
#include "serve/rpc/status.h"

#include <engine/version.h>

namespace engine::serve::rpc {
namespace {

using ::grpc::Status;
using Tensors =
    google::protobuf::RepeatedPtrField<inference::ModelMetadataResponse::TensorMetadata>;

void add_tensors(const std::vector<TensorInfo>& list, Tensors& tensors) {
  for (const TensorInfo& info : list) {
    auto& tensor = *tensors.Add();
    tensor.set_name(info.name);
    tensor.set_datatype(datatype(info.dtype));
    const Shape dims = declared_dims(info);
    tensor.mutable_shape()->Add(dims.begin(), dims.end());
  }
}

void set(const CountAndTime& sum, inference::StatisticDuration& duration) {
  duration.set_count(sum.count);
  duration.set_ns(sum.ns);
}

// Messages without a value are there too: clients read them unasked.
void set(const ServedModel& model, const ModelStatistics& s, inference::ModelStatistics& entry) {
  entry.set_name(model.name());
  entry.set_version(std::to_string(model.version()));
  entry.set_last_inference(s.last_inference_ms);
  entry.set_inference_count(s.inference_count);
  entry.set_execution_count(s.execution_count);
  auto& stats = *entry.mutable_inference_stats();
  set(s.success, *stats.mutable_success());
  set(s.fail, *stats.mutable_fail());
  set(s.queue, *stats.mutable_queue());
  set(s.compute_input, *stats.mutable_compute_input());
  set(s.compute_infer, *stats.mutable_compute_infer());
  set(s.compute_output, *stats.mutable_compute_output());
  set({}, *stats.mutable_cache_hit());
  set({}, *stats.mutable_cache_miss());
  for (const auto& [rows, of_size] : s.batches) {
    auto& batch = *entry.add_batch_stats();
    batch.set_batch_size(static_cast<std::uint64_t>(rows));
    set(of_size.compute_input, *batch.mutable_compute_input());
    set(of_size.compute_infer, *batch.mutable_compute_infer());
    set(of_size.compute_output, *batch.mutable_compute_output());
  }
}

}  // namespace

std::shared_ptr<ServedModel> Api::find(const std::string& name, const std::string& version,
                                       Failure& why) const {
  return repository_.find(name, parse_version(version), why);
}

Status Api::server_live(const inference::ServerLiveRequest&,
                        inference::ServerLiveResponse& response) const {
  response.set_live(true);
  return Status::OK;
}

Status Api::health(const ::grpc::health::v1::HealthCheckRequest&,
                   ::grpc::health::v1::HealthCheckResponse& response) const {
  response = health_of(repository_, control_);
  return Status::OK;
}

Status Api::server_ready(const inference::ServerReadyRequest&,
                         inference::ServerReadyResponse& response) const {
  response.set_ready(is_ready(repository_, control_));
  return Status::OK;
}

Status Api::server_metadata(const inference::ServerMetadataRequest&,
                            inference::ServerMetadataResponse& response) const {
  response.set_name(std::string(kServerName));
  response.set_version(engine::version());
  for (const std::string_view extension : kExtensions)
    response.add_extensions(std::string(extension));
  return Status::OK;
}

Status Api::model_ready(const inference::ModelReadyRequest& request,
                        inference::ModelReadyResponse& response) const {
  Failure why;
  response.set_ready(repository_.accepting() && find(request.name(), request.version(), why));
  return Status::OK;
}

Status Api::model_metadata(const inference::ModelMetadataRequest& request,
                           inference::ModelMetadataResponse& response) const {
  Failure why;
  const auto model = find(request.name(), request.version(), why);
  if (!model) return status_of(why);
  response.set_name(model->name());
  for (const Index version : repository_.versions(model->name()))
    response.add_versions(std::to_string(version));
  response.set_platform(model->config().platform());
  add_tensors(model->tensors().inputs, *response.mutable_inputs());
  add_tensors(model->tensors().outputs, *response.mutable_outputs());
  return Status::OK;
}

Status Api::model_config(const inference::ModelConfigRequest& request,
                         inference::ModelConfigResponse& response) const {
  Failure why;
  const auto model = find(request.name(), request.version(), why);
  if (!model) return status_of(why);
  *response.mutable_config() = model->config();
  return Status::OK;
}

Status Api::model_statistics(const inference::ModelStatisticsRequest& request,
                             inference::ModelStatisticsResponse& response) const {
  std::vector<std::shared_ptr<ServedModel>> models;
  if (request.name().empty()) {
    models = repository_.all();
  } else {
    Failure why;
    const auto model = find(request.name(), request.version(), why);
    if (!model) return status_of({Code::kInvalidArgument, why.message});
    models.push_back(model);
  }
  for (const auto& model : models)
    set(*model, model->batcher().statistics(), *response.add_model_stats());
  return Status::OK;
}

}  // namespace engine::serve::rpc
