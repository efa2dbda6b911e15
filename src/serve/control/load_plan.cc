#include "serve/control/load_plan.h"

#include <algorithm>

namespace engine::serve {
namespace {

std::shared_ptr<const inference::ModelConfig> requested(const LoadRequest& request,
                                                        const std::string& name) {
  return std::make_shared<inference::ModelConfig>(
      config_of(*request.config, "the configuration of the request", name));
}

LoadPlan plan_file(const ModelSource& file, const LoadRequest& request) {
  LoadPlan plan{file.name, file, {file.version}, {}};
  if (request.config) plan.like.config = requested(request, file.name);
  return plan;
}

}  // namespace

ModelSource LoadPlan::source(Index version) const {
  ModelSource source = like;
  source.version = version;
  if (like.files) source.file = std::to_string(version) + "/" + file_name;
  return source;
}

std::string LoadPlan::stamp(Index version) const {
  return like.files ? like.files->stamp(version) : std::string();
}

LoadPlan plan_load(const std::string& name, const LoadRequest& request,
                   const ControlOptions& options, const ModelStore& store) {
  const auto file = std::ranges::find(options.models, name, &ModelSource::name);
  if (file != options.models.end() && request.files.empty()) return plan_file(*file, request);
  std::shared_ptr<const ModelFiles> files =
      request.files.empty() ? store.find(name) : files_in_memory(request.files);
  if (!files) throw Error(ErrorCode::kNotFound, kNoSuchModel);
  const auto config =
      request.config ? requested(request, name)
                     : std::make_shared<const inference::ModelConfig>(store.config(name, *files));
  LoadPlan plan;  // an initialiser that throws within braces is cleaned up twice by g++ 12
  plan.name = name;
  plan.versions = chosen_versions(*config, *files);
  plan.file_name = config->default_model_filename();
  if (plan.file_name.empty()) plan.file_name = "model.onnx";
  plan.like = {.file = {},
               .name = name,
               .session = options.session,
               .limits = options.limits,
               .config = config,
               .files = std::move(files)};
  return plan;
}

}  // namespace engine::serve
