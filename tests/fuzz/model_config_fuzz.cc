// Any bytes as a configuration of a model: refused, or told to clients as it was read.
#include "serve/config/config_check.h"
#include "serve/config/config_complete.h"
#include "serve/config/config_limits.h"
#include "serve/config/config_text.h"
#include "serve/core/served_model.h"
#include "serve/http/config_json.h"

#include <engine/error.h>

#include <google/protobuf/util/message_differencer.h>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace engine::serve;

bool are_equal(const inference::ModelConfig& a, const inference::ModelConfig& b) {
  google::protobuf::util::DefaultFieldComparator nan_is_nan;
  nan_is_nan.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&nan_is_nan);
  return differencer.Compare(a, b);
}

void use(inference::ModelConfig config) {
  check_config(config);
  const BatchLimits limits = configured_limits(config, default_limits());
  if (limits.instances < 1 || limits.instances > 64 || limits.max_batch_size < 0) std::abort();
  BatchQueue queue(limits);
  complete_config(config, {"m", "model.onnx", "cpu"}, {}, limits);
  if (config.name().empty() || config.instance_group_size() == 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto config = parse_config({reinterpret_cast<const char*>(data), size}, "config.pbtxt");
    const std::string json = http::config_json(config);
    if (json.size() < kMostConfigBytes && !are_equal(config, parse_config(json, "json")))
      std::abort();
    use(config);
  } catch (const engine::Error& error) {
    if (error.code() == engine::ErrorCode::kInternal) std::abort();
  }
  return 0;
}
