#include "serve/config/config_complete.h"

#include "serve/config/config_limits.h"

#include <utility>

namespace engine::serve {
namespace {

using inference::ModelConfig;
using inference::ModelInstanceGroup;

constexpr std::pair<const char*, const char*> kPlatforms[] = {
    {"onnxruntime_onnx", "onnxruntime"},   {"tensorrt_plan", "tensorrt"},
    {"tensorflow_graphdef", "tensorflow"}, {"tensorflow_savedmodel", "tensorflow"},
    {"pytorch_libtorch", "pytorch"},
};

// Clients know the names of Triton's backends; a model that names none gets that of ONNX.
void complete_platform(ModelConfig& config) {
  if (config.platform().empty() && config.backend().empty())
    config.set_platform(kPlatforms[0].first);
  for (const auto& [platform, backend] : kPlatforms) {
    if (config.platform() == platform && config.backend().empty()) config.set_backend(backend);
    if (config.backend() == backend && config.platform().empty() && backend == kPlatforms[0].second)
      config.set_platform(platform);
  }
}

void complete_policies(ModelConfig& config) {
  if (config.version_policy().policy_choice_case() ==
      inference::ModelVersionPolicy::POLICY_CHOICE_NOT_SET)
    config.mutable_version_policy()->mutable_latest()->set_num_versions(1);
  auto& optimization = *config.mutable_optimization();
  if (!optimization.has_input_pinned_memory())
    optimization.mutable_input_pinned_memory()->set_enable(true);
  if (!optimization.has_output_pinned_memory())
    optimization.mutable_output_pinned_memory()->set_enable(true);
}

// What the service does without being told; the limits have no levels or policies then.
void describe_batching(ModelConfig& config, const BatchLimits& limits) {
  if (limits.max_batch_size == 0) return;
  config.set_max_batch_size(static_cast<std::int32_t>(limits.max_batch_size));
  auto& batching = *config.mutable_dynamic_batching();
  for (const Index rows : limits.preferred_batch_size)
    batching.add_preferred_batch_size(static_cast<std::int32_t>(rows));
  batching.set_max_queue_delay_microseconds(
      static_cast<std::uint64_t>(limits.max_queue_delay.count()));
  if (const std::size_t most = limits.default_queue_policy.max_queue_size)
    batching.mutable_default_queue_policy()->set_max_queue_size(static_cast<std::uint32_t>(most));
}

void complete_instances(ModelConfig& config, const ServedAs& served, const BatchLimits& limits) {
  const bool gpu = served.device.starts_with("opencl");
  if (config.instance_group_size() == 0) config.add_instance_group()->set_count(limits.instances);
  int number = 0;
  for (ModelInstanceGroup& group : *config.mutable_instance_group()) {
    if (group.name().empty()) group.set_name(served.name + "_" + std::to_string(number));
    if (group.kind() == ModelInstanceGroup::KIND_AUTO)
      group.set_kind(gpu ? ModelInstanceGroup::KIND_GPU : ModelInstanceGroup::KIND_CPU);
    if (group.count() == 0) group.set_count(1);
    ++number;
  }
}

}  // namespace

void complete_config(ModelConfig& config, const ServedAs& served, const ServedTensors& tensors,
                     const BatchLimits& limits) {
  if (config.name().empty()) config.set_name(served.name);
  complete_platform(config);
  complete_policies(config);
  if (leaves_batching_open(config)) describe_batching(config, limits);
  add_tensors(config, tensors);
  if (config.has_dynamic_batching() && config.dynamic_batching().preferred_batch_size_size() == 0 &&
      config.max_batch_size() > 0)
    config.mutable_dynamic_batching()->add_preferred_batch_size(config.max_batch_size());
  complete_instances(config, served, limits);
  if (config.default_model_filename().empty()) config.set_default_model_filename(served.file_name);
}

}  // namespace engine::serve
