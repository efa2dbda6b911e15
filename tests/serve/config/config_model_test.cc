// A configuration against a model, and what follows from it.
#include "serve/config/config_check.h"
#include "serve/config/config_complete.h"
#include "serve/config/config_limits.h"
#include "serve/config/config_text.h"
#include "serve/core/served_model.h"
#include "serve/http/config_json.h"
#include "tests/serve/core/serving.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace engine::serve {
namespace {

using inference::ModelConfig;

ModelConfig parse(const std::string& text) {
  const ModelConfig config = parse_config(text, "config.pbtxt");
  check_config(config);
  return config;
}

Model lookup_model() { return test::parse(test::lookup_bytes()); }

std::string refusal(const std::string& text) {
  try {
    served_tensors(parse(text), lookup_model());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

const std::string kInput = "input { name: 'i' data_type: TYPE_INT64 dims: -1 } ";

TEST(ConfigTensors, MustBeTheModels) {
  EXPECT_EQ(refusal(kInput + "output { name: 'y' data_type: TYPE_FP32 dims: [ -1, 2 ] }"), "");
  EXPECT_EQ(refusal("max_batch_size: 4 input { name: 'i' data_type: TYPE_INT64 }"), "");
  const std::pair<std::string, const char*> kBad[] = {
      {"input { name: 'j' data_type: TYPE_INT64 }", "the model has no input 'j' (it has ['i'])"},
      {"output { name: 'z' data_type: TYPE_FP32 }", "the model has no output 'z' (it has ['y'])"},
      {"input { name: 'i' data_type: TYPE_INT32 dims: -1 }",
       "input 'i' is TYPE_INT64 in the model, but has data_type TYPE_INT32"},
      {"input { name: 'i' data_type: TYPE_INT64 dims: [ -1, 2 ] }",
       "input 'i' is [-1] in the model, but [-1,2] by its dims"},
      {"max_batch_size: 4 input { name: 'i' data_type: TYPE_INT64 dims: 1 }",
       "but [-1,1] by its dims behind the axis of max_batch_size"},
      {kInput + "output { name: 'y' data_type: TYPE_FP32 dims: [ -1, 3 ] }",
       "output 'y' is [-1,2] in the model, but [-1,3] by its dims"},
      {"input { name: 'i' data_type: TYPE_INT64 dims: -1 optional: true }",
       "'i' is optional, but the model has no default for it"},
  };
  for (const auto& [text, message] : kBad)
    EXPECT_NE(refusal(text).find(message), std::string::npos) << text << "\n" << refusal(text);
}

TEST(ConfigTensors, FixExtentsThatTheModelLeavesFree) {
  const auto tensors =
      served_tensors(parse("input { name: 'i' data_type: TYPE_INT64 dims: 3 }"), lookup_model());
  EXPECT_EQ(tensors.inputs.at(0).shape.at(0).size, 3);
  EXPECT_TRUE(tensors.all_outputs);
}

TEST(ConfigTensors, ReshapeToTheModels) {
  const std::string input = "input { name: 'i' data_type: TYPE_INT64 dims: 1 reshape {} } ";
  EXPECT_EQ(refusal("max_batch_size: 4 " + input), "");
  EXPECT_NE(refusal(input).find("input 'i' is [-1] in the model, but [] by its reshape"),
            std::string::npos)
      << refusal(input);
  const auto tensors = served_tensors(
      parse("max_batch_size: 4 " + input +
            "output { name: 'y' data_type: TYPE_FP32 dims: [ 1, 2 ] reshape { shape: 2 } }"),
      lookup_model());
  EXPECT_EQ(tensors.inputs.at(0).shape.size(), 2u);
  EXPECT_EQ(tensors.model_inputs().at(0).shape.size(), 1u);
  Tensors inputs{{"i", Tensor::of<std::int64_t>({3, 1}, {1, 2, 3})}};
  tensors.to_model(inputs);
  EXPECT_EQ(inputs.at("i").shape(), (Shape{3}));
  Tensors outputs{{"y", Tensor(DType::kFloat32, {3, 2})}};
  tensors.to_client(outputs);
  EXPECT_EQ(outputs.at("y").shape(), (Shape{3, 1, 2}));
  outputs = {{"y", Tensor(DType::kFloat32, {3})}};
  EXPECT_THROW(tensors.to_client(outputs), Error);
}

TEST(ConfigTensors, KeepTheOrderOfFreeExtents) {
  ServedTensors tensors;
  tensors.input_reshapes["x"] = {{-1, 6, -1}, {-1, -1, 2, 3}};
  Tensors inputs{{"x", Tensor(DType::kFloat32, {4, 6, 5})}};
  tensors.to_model(inputs);
  EXPECT_EQ(inputs.at("x").shape(), (Shape{4, 5, 2, 3}));
}

TEST(ConfigTensors, MustNameEachInput) {
  onnx::test::ModelWriter two;
  two.graph().input("a").input("b").output("y").output("z");
  two.graph().node("Add", {"a", "b"}, {"y"});
  two.graph().node("Mul", {"a", "b"}, {"z"});
  try {
    served_tensors(parse("input { name: 'b' data_type: TYPE_FP32 dims: 2 }"),
                   test::parse(two.bytes()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "config.pbtxt: input 'a' of the model is not declared");
  }
  const auto some = served_tensors(parse("output { name: 'z' data_type: TYPE_FP32 dims: 2 }"),
                                   test::parse(two.bytes()));
  EXPECT_EQ(some.outputs.size(), 1u);
  EXPECT_FALSE(some.all_outputs);
}

TEST(ConfigLimits, FollowFromTheConfiguration) {
  const BatchLimits limits = configured_limits(
      parse(
          "max_batch_size: 64 instance_group { count: 3 } dynamic_batching { preferred_batch_size: "
          "[ 8, 64 ] max_queue_delay_microseconds: 100 priority_levels: 2 default_priority_level: "
          "2 "
          "default_queue_policy { timeout_action: DELAY default_timeout_microseconds: "
          "18446744073709551615 } priority_queue_policy { key: 1 value { max_queue_size: 5 "
          "allow_timeout_override: true } } }"),
      default_limits());
  EXPECT_EQ(limits.max_batch_size, 64);
  EXPECT_EQ(limits.instances, 3);
  EXPECT_EQ(limits.preferred_batch_size, (std::vector<Index>{8, 64}));
  EXPECT_EQ(limits.max_queue_delay.count(), 100);
  EXPECT_EQ(limits.priority_levels, 2u);
  EXPECT_EQ(limits.default_priority_level, 2u);
  EXPECT_EQ(limits.default_queue_policy.timeout_action, TimeoutAction::kDelay);
  EXPECT_EQ(limits.default_queue_policy.default_timeout.count(), 1'000'000'000'000);
  EXPECT_EQ(limits.default_queue_policy.max_queue_size,
            default_limits().default_queue_policy.max_queue_size);
  EXPECT_EQ(limits.priority_queue_policy.at(1).max_queue_size, 5u);
  EXPECT_TRUE(limits.priority_queue_policy.at(1).allow_timeout_override);
}

TEST(ConfigLimits, NothingWaitsWithoutDynamicBatching) {
  BatchLimits base = default_limits();
  base.max_queue_delay = std::chrono::microseconds(50);
  EXPECT_EQ(configured_limits(parse("max_batch_size: 8"), base).max_queue_delay.count(), 0);
  EXPECT_EQ(configured_limits(parse("name: 'm'"), base).max_queue_delay.count(), 50);
}

TEST(ConfigLimits, OrderKeepsOneInstance) {
  const BatchLimits limits =
      configured_limits(parse("max_batch_size: 8 instance_group { count: 3 } dynamic_batching { "
                              "preserve_ordering: true }"),
                        default_limits());
  EXPECT_TRUE(limits.preserve_ordering);
  EXPECT_EQ(limits.instances, 1);
}

TEST(ConfigLimits, LeaveBatchingOpenOnlyIfNothingIsSaid) {
  EXPECT_EQ(configured_limits(parse("name: 'm'"), default_limits()).max_batch_size,
            default_limits().max_batch_size);
  EXPECT_EQ(configured_limits(parse(kInput), default_limits()).max_batch_size, 0);
  EXPECT_EQ(configured_limits(parse("dynamic_batching {}"), default_limits()).max_batch_size, 0);
}

TEST(ConfigLimits, SayDeviceAndThreads) {
  SessionOptions base;
  base.device = "opencl:1";
  EXPECT_EQ(configured_session(parse(""), base).device, "opencl:1");
  EXPECT_EQ(configured_session(parse("instance_group { kind: KIND_CPU }"), base).device, "cpu");
  base.device = "cpu:scalar";
  EXPECT_EQ(configured_session(parse("instance_group { kind: KIND_CPU }"), base).device,
            "cpu:scalar");
  EXPECT_EQ(configured_session(parse("instance_group { kind: KIND_MODEL }"), base).device,
            "cpu:scalar");
  const auto all = devices();
  const bool opencl = std::ranges::any_of(
      all, [](const DeviceInfo& d) { return d.available && d.name.starts_with("opencl"); });
  const ModelConfig gpu = parse("instance_group { kind: KIND_GPU gpus: 0 }");
  if (opencl) EXPECT_EQ(configured_session(gpu, base).device, "opencl:0");
  else EXPECT_THROW(configured_session(gpu, base), Error);
  const auto threads = [&](const std::string& text) {
    return configured_session(
               parse("parameters { key: 'intra_op_thread_count' value { string_value: '" + text +
                     "' } }"),
               base)
        .threads;
  };
  EXPECT_EQ(threads("3"), 3);
  EXPECT_EQ(threads("0"), base.threads);
  for (const char* bad : {"", "-1", "1025", "2x", "99999999999"}) EXPECT_THROW(threads(bad), Error);
}

ModelConfig completed(const std::string& text, const BatchLimits& base) {
  ModelConfig config = parse(text);
  const Model model = lookup_model();
  complete_config(config, {"m", "model.onnx", "cpu:avx2"}, served_tensors(config, model),
                  configured_limits(config, base));
  return config;
}

TEST(ConfigComplete, FillsInAllThatIsEmpty) {
  EXPECT_EQ(
      http::config_json(completed("", default_limits())),
      R"({"name":"m","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"",)"
      R"("version_policy":{"latest":{"num_versions":1}},"max_batch_size":1048576,)"
      R"("input":[{"name":"i","data_type":"TYPE_INT64","format":"FORMAT_NONE","dims":[],)"
      R"("is_shape_tensor":false,"allow_ragged_batch":false,"optional":false,)"
      R"("is_non_linear_format_io":false}],)"
      R"("output":[{"name":"y","data_type":"TYPE_FP32","dims":[2],"label_filename":"",)"
      R"("is_shape_tensor":false,"is_non_linear_format_io":false}],)"
      R"("batch_input":[],"batch_output":[],)"
      R"("optimization":{"priority":"PRIORITY_DEFAULT","input_pinned_memory":{"enable":true},)"
      R"("output_pinned_memory":{"enable":true},"gather_kernel_buffer_threshold":0,)"
      R"("eager_batching":false},)"
      R"("dynamic_batching":{"preferred_batch_size":[64],"max_queue_delay_microseconds":0,)"
      R"("preserve_ordering":false,"priority_levels":0,"default_priority_level":0,)"
      R"("default_queue_policy":{"timeout_action":"REJECT","default_timeout_microseconds":0,)"
      R"("allow_timeout_override":false,"max_queue_size":16384},"priority_queue_policy":{}},)"
      R"("instance_group":[{"name":"m_0","kind":"KIND_CPU","count":1,"gpus":[],)"
      R"("secondary_devices":[],"profile":[],"passive":false,"host_policy":""}],)"
      R"("default_model_filename":"model.onnx","cc_model_filenames":{},"metric_tags":{},)"
      R"("parameters":{},"model_warmup":[]})");
}

TEST(ConfigComplete, KeepsWhatIsThere) {
  const ModelConfig config = completed(
      "max_batch_size: 8 platform: 'tensorrt_plan' dynamic_batching {} instance_group [ { "
      "name: 'a' kind: KIND_MODEL }, { kind: KIND_MODEL count: 2 } ] version_policy { all {} } "
      "parameters { key: 'k' value { string_value: 'v' } } model_repository_agents { agents "
      "{ name: 'checksum' parameters { key: 'MD5:1/model.onnx' value: 'x' } } }",
      default_limits());
  EXPECT_EQ(config.platform(), "tensorrt_plan");
  EXPECT_EQ(config.backend(), "tensorrt");
  EXPECT_EQ(config.dynamic_batching().preferred_batch_size_size(), 1);
  EXPECT_EQ(config.dynamic_batching().preferred_batch_size(0), 8);
  EXPECT_EQ(config.instance_group(0).name(), "a");
  EXPECT_EQ(config.instance_group(1).name(), "m_1");
  EXPECT_EQ(config.instance_group(1).kind(), inference::ModelInstanceGroup::KIND_MODEL);
  EXPECT_EQ(config.instance_group(0).count(), 1);
  EXPECT_TRUE(config.version_policy().has_all());
  EXPECT_EQ(config.parameters().at("k").string_value(), "v");
  EXPECT_EQ(config.model_repository_agents().agents(0).parameters().at("MD5:1/model.onnx"), "x");
  EXPECT_EQ(config.output(0).dims_size(), 1);  // without the batch's axis
}

TEST(ConfigJson, WritesNumbersMapsAndChoices) {
  const std::string json = http::config_json(parse(
      "version_policy { specific { versions: [ 1, 9223372036854775807 ] } } dynamic_batching { "
      "priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 1 value {} } } "
      "model_warmup { inputs { key: 'a\"b' value { random_data: true } } } "
      "model_metrics { metric_control { histogram_options { buckets: [ 0.5, inf ] } } }"));
  for (const char* part :
       {R"("specific":{"versions":[1,9223372036854775807]})",
        R"("priority_queue_policy":{"1":{"timeout_action":"REJECT",)",
        R"("inputs":{"a\"b":{"data_type":"TYPE_INVALID","dims":[],"random_data":true}})",
        R"("buckets":[0.5,"Infinity"])"})
    EXPECT_NE(json.find(part), std::string::npos) << json;
}

}  // namespace
}  // namespace engine::serve
