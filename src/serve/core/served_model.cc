#include "serve/core/served_model.h"

#include "serve/core/batch_axis.h"
#include "serve/core/sha256.h"
#include "serve/core/text.h"

namespace engine::serve {
namespace {

constexpr Index kMostRows = 1 << 20;  // of a request, by default; memory bounds it before
constexpr Index kMergedRows = 64;
constexpr std::size_t kMostQueued = 16384;

BatchLimits limits_of(const ModelSource& source, const Session& session) {
  BatchLimits limits = source.limits;
  if (limits.max_batch_size == 0 || has_batch_axis(session)) return limits;
  if (source.must_batch)
    throw Error(ErrorCode::kInvalidArgument,
                "model " + quote(source.name) + " cannot have max_batch_size " +
                    std::to_string(limits.max_batch_size) +
                    " (its first axis is not a free one along which samples are independent); "
                    "serve it with 0");
  limits.max_batch_size = 0;
  return limits;
}

}  // namespace

BatchLimits default_limits() {
  BatchLimits limits;
  limits.max_batch_size = kMostRows;
  limits.preferred_batch_size = {kMergedRows};
  limits.default_queue_policy.max_queue_size = kMostQueued;
  return limits;
}

ServedModel::ServedModel(const ModelSource& source, std::shared_ptr<MemoryBudget> memory)
    : name_(source.name),
      version_(source.version),
      sha256_(sha256_of_file(source.file)),
      session_(Model::load(source.file), source.session),
      batcher_(name_, session_, limits_of(source, session_), std::move(memory)) {}

}  // namespace engine::serve
