// Of Api: the model repository, and settings.
#include "serve/core/text.h"
#include "serve/rpc/api.h"
#include "serve/rpc/status.h"

namespace engine::serve::rpc {
namespace {

using ::grpc::Status;
using Parameters = google::protobuf::Map<std::string, inference::ModelRepositoryParameter>;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

// KServe's own clients write the model's name where Triton's write the repository's.
const std::string& model_name(const auto& request) {
  return request.model_name().empty() ? request.repository_name() : request.model_name();
}

std::optional<Failure> refuse(const ModelControl* control, const Repository& repository) {
  if (!repository.accepting()) return kShutsDown;
  if (!control) return Failure{Code::kUnavailable, kFixedModels};
  return {};
}

LoadRequest load_request(const Parameters& parameters) {
  constexpr std::string_view kFile = "file:";
  LoadRequest request;
  for (const auto& [key, value] : parameters) {
    if (key == "config") {
      if (!value.has_string_param()) invalid("parameter 'config' is no string");
      request.config = value.string_param();
    } else if (key.starts_with(kFile)) {
      if (!value.has_bytes_param()) invalid("parameter " + quote(key) + " is no bytes");
      request.files.insert_or_assign(key.substr(kFile.size()), value.bytes_param());
    } else {
      invalid("unrecognized load parameter " + quote(key) + ".");
    }
  }
  return request;
}

Status finished(std::optional<Failure> failure) {
  if (!failure) return Status::OK;
  shorten(failure->message);
  return status_of(*failure);
}

}  // namespace

Status Api::index(const inference::RepositoryIndexRequest& request,
                  inference::RepositoryIndexResponse& response) const {
  if (const auto failure = refuse(control_, repository_)) return status_of(*failure);
  if (!request.repository_name().empty())
    return status_of({Code::kUnsupported, "'repository_name' specification is not supported"});
  for (const ModelStatus& model : control_->index(request.ready())) {
    auto& entry = *response.add_models();
    entry.set_name(model.name);
    entry.set_version(model.version);
    entry.set_state(model.state);
    entry.set_reason(model.reason);
  }
  return Status::OK;
}

Status Api::load(const inference::RepositoryModelLoadRequest& request,
                 inference::RepositoryModelLoadResponse&) const {
  if (const auto failure = refuse(control_, repository_)) return status_of(*failure);
  return finished(control_->load(model_name(request), load_request(request.parameters())));
}

Status Api::unload(const inference::RepositoryModelUnloadRequest& request,
                   inference::RepositoryModelUnloadResponse&) const {
  if (const auto failure = refuse(control_, repository_)) return status_of(*failure);
  for (const auto& [key, value] : request.parameters())
    if (key != "unload_dependents") invalid("unrecognized unload parameter " + quote(key) + ".");
  return finished(control_->unload(model_name(request)));
}

Status Api::trace_setting(const inference::TraceSettingRequest& request,
                          inference::TraceSettingResponse& response) const {
  Failure why;
  if (!request.model_name().empty() && !repository_.find(request.model_name(), {}, why))
    return status_of({Code::kInvalidArgument, why.message});
  (*response.mutable_settings())["trace_level"].add_value("OFF");
  return Status::OK;
}

Status Api::log_settings(const inference::LogSettingsRequest&,
                         inference::LogSettingsResponse& response) const {
  auto& settings = *response.mutable_settings();
  settings["log_info"].set_bool_param(true);
  settings["log_warning"].set_bool_param(true);
  settings["log_error"].set_bool_param(true);
  settings[std::string("log_verbose_level")].set_uint32_param(0);
  settings["log_file"].set_string_param("");
  settings["log_format"].set_string_param("default");
  return Status::OK;
}

}  // namespace engine::serve::rpc
