#include "serve/config/config_limits.h"

#include "serve/core/text.h"

#include <algorithm>
#include <charconv>

namespace engine::serve {
namespace {

using inference::ModelConfig;
using inference::ModelInstanceGroup;

// Beyond 11 days nothing differs, and sums with a time stay far from overflow.
std::chrono::microseconds bounded(std::uint64_t microseconds) {
  constexpr std::uint64_t kMost = 1'000'000'000'000;
  return std::chrono::microseconds(static_cast<std::int64_t>(std::min(microseconds, kMost)));
}

QueuePolicy queue_policy(const inference::ModelQueuePolicy& from, const QueuePolicy& base) {
  QueuePolicy policy;
  policy.timeout_action = from.timeout_action() == inference::ModelQueuePolicy::DELAY
                              ? TimeoutAction::kDelay
                              : TimeoutAction::kReject;
  policy.default_timeout = bounded(from.default_timeout_microseconds());
  policy.allow_timeout_override = from.allow_timeout_override();
  policy.max_queue_size = from.max_queue_size() > 0 ? from.max_queue_size() : base.max_queue_size;
  return policy;
}

void configure_batching(const inference::ModelDynamicBatching& batching, BatchLimits& limits) {
  limits.preferred_batch_size.assign(batching.preferred_batch_size().begin(),
                                     batching.preferred_batch_size().end());
  limits.max_queue_delay = bounded(batching.max_queue_delay_microseconds());
  limits.preserve_ordering = batching.preserve_ordering();
  limits.priority_levels = batching.priority_levels();
  limits.default_priority_level = batching.default_priority_level();
  const QueuePolicy base = limits.default_queue_policy;
  limits.default_queue_policy = queue_policy(batching.default_queue_policy(), base);
  for (const auto& [level, policy] : batching.priority_queue_policy())
    limits.priority_queue_policy[level] = queue_policy(policy, base);
  if (limits.preserve_ordering) limits.instances = 1;
}

std::string gpu_of(const ModelInstanceGroup& group, const std::string& base) {
  std::string device = base.starts_with("opencl") ? base : "opencl";
  if (group.gpus_size() == 1) device = "opencl:" + std::to_string(group.gpus(0));
  const std::vector<DeviceInfo> all = devices();
  if (std::ranges::none_of(
          all, [](const DeviceInfo& d) { return d.available && d.name.starts_with("opencl"); }))
    throw Error(ErrorCode::kNotFound,
                "config.pbtxt: instance_group " + quote(group.name()) +
                    " has kind KIND_GPU, but no OpenCL device is available (KIND_CPU or KIND_AUTO "
                    "runs on the CPU)");
  return device;
}

int thread_count(const std::string& text) {
  constexpr int kMost = 1024;
  int count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stop != end || count < 0 || count > kMost)
    throw Error(ErrorCode::kInvalidArgument, "config.pbtxt: parameter intra_op_thread_count is " +
                                                 quote(text) + " (a whole number up to " +
                                                 std::to_string(kMost) + ", 0 for the default)");
  return count;
}

}  // namespace

bool leaves_batching_open(const ModelConfig& config) {
  return config.max_batch_size() == 0 && config.input_size() == 0 && config.output_size() == 0 &&
         config.scheduling_choice_case() == ModelConfig::SCHEDULING_CHOICE_NOT_SET;
}

BatchLimits configured_limits(const ModelConfig& config, const BatchLimits& base) {
  BatchLimits limits = base;
  if (!leaves_batching_open(config)) {
    limits.max_batch_size = config.max_batch_size();
    limits.max_queue_delay = {};
  }
  std::erase_if(limits.preferred_batch_size,
                [&](Index size) { return size > limits.max_batch_size; });
  int instances = 0;
  for (const ModelInstanceGroup& group : config.instance_group())
    instances += std::max(1, group.count());
  if (instances > 0) limits.instances = instances;
  if (config.has_dynamic_batching()) configure_batching(config.dynamic_batching(), limits);
  return limits;
}

SessionOptions configured_session(const ModelConfig& config, SessionOptions base) {
  if (config.instance_group_size() > 0) {
    const ModelInstanceGroup& group = config.instance_group(0);
    if (group.kind() == ModelInstanceGroup::KIND_GPU) base.device = gpu_of(group, base.device);
    else if (group.kind() == ModelInstanceGroup::KIND_CPU && base.device.starts_with("opencl"))
      base.device = "cpu";
  }
  const auto threads = config.parameters().find("intra_op_thread_count");
  if (threads != config.parameters().end())
    if (const int count = thread_count(threads->second.string_value())) base.threads = count;
  return base;
}

}  // namespace engine::serve
