#include "serve/config/config_check.h"

#include "serve/core/text.h"

#include <engine/error.h>

#include <set>

namespace engine::serve {
namespace {

using inference::ModelConfig;

constexpr std::uint64_t kMostLevels = 1024;
constexpr int kMostInstances = 64;

[[noreturn]] void unsupported(const std::string& field, const std::string& why) {
  throw Error(ErrorCode::kUnsupported,
              "config.pbtxt: this server does not have " + field + " (" + why + "); leave it out");
}

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, "config.pbtxt: " + what);
}

void check_scheduling(const ModelConfig& config) {
  if (config.has_sequence_batching())
    unsupported("sequence_batching", "each request stands alone; state travels in tensors");
  if (config.has_ensemble_scheduling())
    unsupported("ensemble_scheduling", "each model is called by itself");
  if (config.batch_input_size() > 0) unsupported("batch_input", "inputs come from clients alone");
  if (config.batch_output_size() > 0) unsupported("batch_output", "outputs have the batch's rows");
  if (config.response_cache().enable()) unsupported("response_cache", "each request is computed");
  if (config.model_transaction_policy().decoupled())
    unsupported("model_transaction_policy.decoupled", "each request has one response");
  for (const auto& agent : config.model_repository_agents().agents())
    if (agent.name() != "checksum")
      unsupported("model_repository_agents " + quote(agent.name()), "the one here is 'checksum'");
  if (config.model_operations().op_library_filename_size() > 0)
    unsupported("model_operations.op_library_filename", "operators are the engine's own");
}

using Extents = google::protobuf::RepeatedField<std::int64_t>;

std::string text_of(const Extents& extents) {
  return dims_text(Shape(extents.begin(), extents.end()));
}

void check_extents(const Extents& extents, const std::string& whose) {
  for (const std::int64_t extent : extents)
    if (extent < -1 || extent == 0)
      invalid(whose + " " + text_of(extents) + " (extents are positive, or -1 for any)");
}

// How many extents are free, and the product of the others; 0 if that is beyond 2^62.
std::pair<int, std::int64_t> free_and_fixed(const Extents& extents) {
  int free = 0;
  std::int64_t fixed = 1;
  for (const std::int64_t extent : extents)
    if (extent < 0) ++free;
    else fixed = fixed > (std::int64_t{1} << 62) / extent ? 0 : fixed * extent;
  return {free, fixed};
}

template <class Tensor>
void check_reshape(const Tensor& tensor, const std::string& whose) {
  const Extents& shape = tensor.reshape().shape();
  check_extents(shape, whose + " has reshape");
  const auto of_dims = free_and_fixed(tensor.dims());
  if (of_dims != free_and_fixed(shape) || of_dims.second == 0)
    invalid(whose + " has dims " + text_of(tensor.dims()) + " and reshape " + text_of(shape) +
            " (the same number of elements, and of free extents, is needed)");
}

template <class Tensor>
void check_tensor(const Tensor& tensor, const std::string& what,
                  std::set<std::string, std::less<>>& names) {
  if (tensor.name().empty()) invalid(what + " has no name");
  const std::string whose = what + " " + quote(tensor.name());
  if (!names.insert(tensor.name()).second) invalid(whose + " is there twice");
  if (tensor.data_type() == inference::TYPE_INVALID) invalid(whose + " has no data_type");
  check_extents(tensor.dims(), whose + " has dims");
  if (tensor.has_reshape()) check_reshape(tensor, whose);
  if (tensor.is_shape_tensor()) unsupported("is_shape_tensor of " + whose, "TensorRT has those");
  if (tensor.is_non_linear_format_io())
    unsupported("is_non_linear_format_io of " + whose, "TensorRT has those");
}

void check_tensors(const ModelConfig& config) {
  std::set<std::string, std::less<>> names;
  for (const auto& input : config.input()) {
    check_tensor(input, "input", names);
    if (input.allow_ragged_batch())
      unsupported("allow_ragged_batch of input " + quote(input.name()),
                  "requests of unequal shapes run in batches of their own");
  }
  names.clear();
  for (const auto& output : config.output()) {
    check_tensor(output, "output", names);
    if (!output.label_filename().empty() && !is_file_name(output.label_filename()))
      invalid("label_filename " + quote(output.label_filename()) +
              " is no plain name of a file in the model's folder");
  }
}

void check_instances(const ModelConfig& config) {
  std::int64_t all = 0;
  for (const auto& group : config.instance_group()) {
    if (!inference::ModelInstanceGroup::Kind_IsValid(group.kind()))
      invalid("instance_group.kind is " + std::to_string(group.kind()) + ", which is none");
    if (group.count() < 0) invalid("instance_group.count is " + std::to_string(group.count()));
    all += group.count();
    if (group.kind() != config.instance_group(0).kind())
      unsupported("instance_group of several kinds", "the instances of a model share one device");
    if (group.gpus_size() > 1)
      unsupported("instance_group.gpus of several devices",
                  "the instances of a model share one device");
    if (group.passive()) unsupported("instance_group.passive", "every instance takes requests");
    if (group.secondary_devices_size() > 0)
      unsupported("instance_group.secondary_devices", "there are no such devices");
  }
  if (all > kMostInstances)
    invalid("instance_group.count is " + std::to_string(all) + " in all (at most " +
            std::to_string(kMostInstances) + ")");
}

void check_queue(const inference::ModelQueuePolicy& policy) {
  if (!inference::ModelQueuePolicy::TimeoutAction_IsValid(policy.timeout_action()))
    invalid("timeout_action is " + std::to_string(policy.timeout_action()) + ", which is none");
}

void check_batching(const ModelConfig& config) {
  if (config.max_batch_size() < 0)
    invalid("max_batch_size is " + std::to_string(config.max_batch_size()));
  const auto& batching = config.dynamic_batching();
  for (const int size : batching.preferred_batch_size())
    if (size < 1 || size > config.max_batch_size())
      invalid("dynamic_batching.preferred_batch_size is " + std::to_string(size) +
              " (from 1 to max_batch_size, " + std::to_string(config.max_batch_size()) + ")");
  const std::uint64_t levels = batching.priority_levels();
  if (levels > kMostLevels)
    invalid("dynamic_batching.priority_levels is " + std::to_string(levels) + " (at most " +
            std::to_string(kMostLevels) + ")");
  const std::uint64_t level = batching.default_priority_level();
  if (levels > 0 && (level < 1 || level > levels))
    invalid("dynamic_batching.default_priority_level is " + std::to_string(level) +
            " (from 1 to priority_levels, " + std::to_string(levels) + ")");
  check_queue(batching.default_queue_policy());
  for (const auto& [key, policy] : batching.priority_queue_policy()) {
    check_queue(policy);
    if (key < 1 || key > levels)
      invalid("dynamic_batching.priority_queue_policy is for level " + std::to_string(key) +
              " (from 1 to priority_levels, " + std::to_string(levels) + ")");
  }
}

void check_versions(const ModelConfig& config) {
  const auto& policy = config.version_policy();
  if (policy.has_latest() && policy.latest().num_versions() == 0)
    invalid("version_policy.latest.num_versions is 0, which serves nothing");
  if (policy.has_specific() && policy.specific().versions_size() == 0)
    invalid("version_policy.specific names no version, which serves nothing");
  for (const std::int64_t version : policy.specific().versions())
    if (version < 1)
      invalid("version_policy.specific has version " + std::to_string(version) +
              " (versions are positive)");
}

}  // namespace

bool is_file_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

void check_config(const ModelConfig& config) {
  check_scheduling(config);
  check_tensors(config);
  check_instances(config);
  check_batching(config);
  check_versions(config);
  if (!config.default_model_filename().empty() && !is_file_name(config.default_model_filename()))
    invalid("default_model_filename " + quote(config.default_model_filename()) +
            " is no plain name of a file");
}

}  // namespace engine::serve
