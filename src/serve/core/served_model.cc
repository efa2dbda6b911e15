#include "serve/core/served_model.h"

#include "serve/config/config_complete.h"
#include "serve/config/config_limits.h"
#include "serve/core/batch_axis.h"
#include "serve/core/checksums.h"
#include "serve/core/digest.h"
#include "serve/core/text.h"
#include "serve/core/warm_up.h"

#include <sstream>

namespace engine::serve {
namespace {

constexpr Index kMostRows = 1 << 20;  // of a request, by default; memory bounds it before
constexpr Index kMergedRows = 64;
constexpr std::size_t kMostQueued = 16384;
constexpr std::size_t kMostModelBytes = std::size_t{1} << 31;  // where protobuf ends
constexpr std::size_t kMostLabelBytes = std::size_t{1} << 24;

// What the model can: the same limits, or those of a model that runs one request at a time.
BatchLimits possible_limits(const ModelSource& source, bool must_batch, BatchLimits limits,
                            const Session& session, const ServedTensors& tensors) {
  if (limits.max_batch_size == 0 || has_batch_axis(session, tensors.model_inputs())) return limits;
  if (must_batch)
    throw Error(ErrorCode::kInvalidArgument,
                "model " + quote(source.name) + " cannot have max_batch_size " +
                    std::to_string(limits.max_batch_size) +
                    " (its first axis is not a free one along which samples are independent); "
                    "serve it with 0");
  limits.max_batch_size = 0;
  return limits;
}

struct Loaded {
  Model model;
  std::string sha256;
};

Loaded load_file(const std::filesystem::path& file) {
  std::string sha256 = digest_of_file(file, Digest::kSha256);
  return {Model::load(file), std::move(sha256)};
}

// The same for clients, who learn no folder of this machine: not if the file vanishes meanwhile,
// either.
Loaded load_repository_file(const std::filesystem::path& file, const std::string& name) {
  try {
    return load_file(file);
  } catch (const Error& error) {
    constexpr std::size_t kShown = 40;  // of a long path in a message, at least
    const std::string folder = file.parent_path().string().substr(0, kShown);
    if (std::string_view(error.what()).find(folder) == std::string_view::npos) throw;
    throw Error(error.code(), "cannot read " + quote(name));
  }
}

Loaded load_model(const ModelSource& source) {
  if (!source.files) return load_file(source.file);
  const std::string name = source.file.string();
  if (!source.files->has(name))
    throw Error(ErrorCode::kNotFound,
                "the model has no file " + quote(name) +
                    " (an ONNX file is needed; default_model_filename may name it)");
  if (const auto path = source.files->path(name)) return load_repository_file(*path, name);
  const std::string bytes = source.files->read(name, kMostModelBytes);
  std::string sha256 = digest_of(bytes, Digest::kSha256);
  return {Model::parse(std::as_bytes(std::span(bytes))), std::move(sha256)};
}

// A line for each class.
Labels read_labels(const inference::ModelConfig& config, const ModelFiles* files) {
  Labels labels;
  for (const auto& output : config.output()) {
    const std::string& file = output.label_filename();
    if (file.empty()) continue;
    if (!files)
      throw Error(ErrorCode::kNotFound, "label_filename " + quote(file) + " has no folder");
    std::istringstream text(files->read(file, kMostLabelBytes));
    std::vector<std::string>& list = labels[output.name()];
    for (std::string line; std::getline(text, line);) {
      if (line.ends_with('\r')) line.pop_back();
      list.push_back(std::move(line));
    }
  }
  return labels;
}

}  // namespace

BatchLimits default_limits() {
  BatchLimits limits;
  limits.max_batch_size = kMostRows;
  limits.preferred_batch_size = {kMergedRows};
  limits.default_queue_policy.max_queue_size = kMostQueued;
  return limits;
}

struct ServedModel::Parts {
  std::string name;
  Index version;
  std::string sha256;
  std::shared_ptr<const inference::ModelConfig> config;
  Labels labels;
  Session session;
  ServedTensors tensors;
  BatchLimits limits;
};

ServedModel::Parts ServedModel::prepare(const ModelSource& source) {
  auto config = source.config ? std::make_shared<inference::ModelConfig>(*source.config)
                              : std::make_shared<inference::ModelConfig>();
  check_checksums(*config, source.files.get(), source.version);
  auto [model, sha256] = load_model(source);
  ServedTensors tensors = served_tensors(*config, model);
  Session session(model, configured_session(*config, source.session));
  const bool must_batch = source.must_batch || !leaves_batching_open(*config);
  BatchLimits limits = possible_limits(source, must_batch,
                                       configured_limits(*config, source.limits), session, tensors);
  complete_config(*config, {source.name, source.file.filename().string(), session.device()},
                  tensors, limits);
  Labels labels = read_labels(*config, source.files.get());
  warm_up(*config, session, tensors, limits, source.files.get());
  return {source.name,       source.version, std::move(sha256),  std::move(config),
          std::move(labels), session,        std::move(tensors), std::move(limits)};
}

ServedModel::ServedModel(const ModelSource& source, std::shared_ptr<MemoryBudget> memory)
    : ServedModel(prepare(source), std::move(memory)) {}

ServedModel::ServedModel(Parts parts, std::shared_ptr<MemoryBudget> memory)
    : name_(std::move(parts.name)),
      version_(parts.version),
      sha256_(std::move(parts.sha256)),
      config_(std::move(parts.config)),
      labels_(std::move(parts.labels)),
      session_(std::move(parts.session)),
      batcher_(name_, session_, std::move(parts.limits), std::move(memory),
               std::move(parts.tensors)) {}

const std::vector<std::string>& ServedModel::labels(std::string_view output) const noexcept {
  static const std::vector<std::string> none;
  const auto found = labels_.find(output);
  return found == labels_.end() ? none : found->second;
}

}  // namespace engine::serve
