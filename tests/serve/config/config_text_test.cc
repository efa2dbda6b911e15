#include "serve/config/config_text.h"

#include "serve/config/config_check.h"

#include <engine/error.h>

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

std::string refusal(const std::string& text) {
  try {
    check_config(parse_config(text, "config.pbtxt"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ConfigText, ReadsProtobufsTextAndJson) {
  const auto text = parse_config(
      "name: \"m\" max_batch_size: 8 # comment\n input [ { name: 'x' data_type: TYPE_FP32 dims: [ "
      "3, -1 ] "
      "} ]",
      "config.pbtxt");
  const auto json = parse_config(
      R"( {"name":"m","max_batch_size":8,"input":[{"name":"x","data_type":"TYPE_FP32","dims":[3,"-1"]}]})",
      "config");
  EXPECT_EQ(text.SerializeAsString(), json.SerializeAsString());
  EXPECT_EQ(text.input(0).dims(1), -1);
  EXPECT_EQ(parse_config("", "config.pbtxt").ByteSizeLong(), 0u);
}

TEST(ConfigText, SaysWhereItIsWrong) {
  const std::pair<std::string, const char*> kBad[] = {
      {"name: \"m\"\nmax_batch: 3",
       "config.pbtxt:2:10: Message type \"inference.ModelConfig\" has no "
       "field named \"max_batch\"."},
      {"max_batch_size: 1e3", "config.pbtxt:1:17: Expected integer"},
      {"max_batch_size: 99999999999", "config.pbtxt:1:17: Integer out of range"},
      {"input { data_type: TYPE_FP33 }", "TYPE_FP33"},
      {"input {", "config.pbtxt:1:8: "},
      {std::string("na\0me", 5), "config.pbtxt:1:3: "},
      {"name: \"\\xff\\xfe\"", "has a string that is no UTF-8"},
      {std::string(kMostConfigBytes + 1, ' '), "1048577 bytes (at most 1048576)"},
      {"{\"nam\":\"m\"}", "nam"},
      {"{\"name\":3,}", "is no JSON of a ModelConfig"},
      {"{\"input\":" + std::string(100000, '['), "nests deeper than 32"},
      {"{\"x\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", "is no JSON of a ModelConfig"},
  };
  for (const auto& [text, message] : kBad)
    EXPECT_NE(refusal(text).find(message), std::string::npos) << text.substr(0, 100) << "\n"
                                                              << refusal(text);
}

TEST(ConfigCheck, RefusesByNameWhatItDoesNotHonour) {
  const std::pair<const char*, const char*> kBad[] = {
      {"sequence_batching {}", "sequence_batching"},
      {"ensemble_scheduling {}", "ensemble_scheduling"},
      {"batch_input { kind: BATCH_ELEMENT_COUNT }", "batch_input"},
      {"batch_output {}", "batch_output"},
      {"model_repository_agents { agents { name: 'decrypt' } }",
       "model_repository_agents 'decrypt'"},
      {"response_cache { enable: true }", "response_cache"},
      {"model_transaction_policy { decoupled: true }", "decoupled"},
      {"model_operations { op_library_filename: 'x.so' }", "op_library_filename"},
      {"input { name: 'x' data_type: TYPE_FP32 dims: 1 allow_ragged_batch: true }",
       "allow_ragged_batch of input 'x'"},
      {"output { name: 'x' data_type: TYPE_FP32 dims: 1 is_shape_tensor: true }",
       "is_shape_tensor of output 'x'"},
      {"instance_group { passive: true }", "passive"},
      {"instance_group { kind: KIND_GPU gpus: [ 0, 1 ] }", "gpus of several devices"},
      {"instance_group [ { kind: KIND_CPU }, { kind: KIND_MODEL } ]", "several kinds"},
      {"instance_group { secondary_devices { device_id: 1 } }", "secondary_devices"},
  };
  for (const auto& [text, field] : kBad) {
    const std::string message = refusal(text);
    EXPECT_NE(message.find(field), std::string::npos) << text << "\n" << message;
    EXPECT_NE(message.find("this server does not have"), std::string::npos) << message;
  }
}

TEST(ConfigCheck, RefusesWhatContradictsItself) {
  const std::pair<const char*, const char*> kBad[] = {
      {"max_batch_size: -1", "max_batch_size is -1"},
      {"input { data_type: TYPE_FP32 }", "input has no name"},
      {"input { name: 'x' }", "'x' has no data_type"},
      {"input { name: 'x' data_type: TYPE_FP32 dims: 0 }", "dims [0] (extents are positive"},
      {"input { name: 'x' data_type: TYPE_FP32 dims: -2 }", "dims [-2]"},
      {"output { name: 'x' data_type: 13 } output { name: 'x' data_type: 13 }",
       "'x' is there twice"},
      {"output { name: 'x' data_type: 13 label_filename: '../l' }", "label_filename '../l'"},
      {"default_model_filename: '/etc/passwd'", "default_model_filename '/etc/passwd'"},
      {"input { name: 'x' data_type: 11 dims: [ 2, 3 ] reshape { shape: 5 } }",
       "dims [2,3] and reshape [5]"},
      {"input { name: 'x' data_type: 11 dims: [ -1, 1 ] reshape { shape: [ -1, -1 ] } }",
       "dims [-1,1] and reshape [-1,-1]"},
      {"input { name: 'x' data_type: 11 dims: 1 reshape { shape: [ 4294967296, 4294967296 ] } }",
       "reshape [4294967296,4294967296]"},
      {"input { name: 'x' data_type: 11 dims: 1 reshape { shape: -3 } }", "has reshape [-3]"},
      {"default_model_filename: '..'", "default_model_filename '..'"},
      {"instance_group { count: -1 }", "count is -1"},
      {"instance_group { kind: 7 }", "instance_group.kind is 7"},
      {"dynamic_batching { default_queue_policy { timeout_action: 5 } }", "timeout_action is 5"},
      {"instance_group [ { count: 60 }, { count: 5 } ]", "65 in all (at most 64)"},
      {"max_batch_size: 4 dynamic_batching { preferred_batch_size: 5 }",
       "preferred_batch_size is 5 (from 1 to max_batch_size, 4)"},
      {"dynamic_batching { priority_levels: 18446744073709551615 default_priority_level: 1 }",
       "priority_levels is 18446744073709551615 (at most 1024)"},
      {"dynamic_batching { priority_levels: 2 }", "default_priority_level is 0"},
      {"dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { "
       "key: 3 "
       "} }",
       "for level 3 (from 1 to priority_levels, 2)"},
      {"version_policy { latest {} }", "num_versions is 0"},
      {"version_policy { specific {} }", "names no version"},
      {"version_policy { specific { versions: [ 1, -3 ] } }", "version -3"},
  };
  for (const auto& [text, message] : kBad)
    EXPECT_NE(refusal(text).find(message), std::string::npos) << text << "\n" << refusal(text);
}

TEST(ConfigCheck, TakesWhatHasNoEffectHere) {
  EXPECT_EQ(
      refusal("name: 'm' platform: 'tensorflow_graphdef' runtime: 'x' "
              "optimization { priority: PRIORITY_MAX graph { level: 1 } cuda { graphs: true } "
              "  execution_accelerators { gpu_execution_accelerator { name: 'tensorrt' } } } "
              "instance_group { kind: KIND_CPU count: 2 host_policy: 'p' profile: '0' "
              "  rate_limiter { priority: 1 } } "
              "cc_model_filenames { key: '7.5' value: 'x' } metric_tags { key: 'a' value: 'b' } "
              "response_cache {} model_transaction_policy {} "
              "parameters { key: 'k' value { string_value: 'v' } }"),
      "");
}

}  // namespace
}  // namespace engine::serve
