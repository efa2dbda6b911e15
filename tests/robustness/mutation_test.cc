// Real models, damaged: cut at every byte, and with their structure changed. Whatever still loads
// is compiled and run; all that may happen is an Error.
#include "tests/loaders/onnx/model_builder.h"

#include "base/text.h"
#include "support/operator_case.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>

namespace engine::test {
namespace {

namespace pb = onnx::pb;
constexpr LoadOptions kTight{.max_bytes = std::size_t{16} << 20, .max_depth = 8};

std::string read_model(const std::string& name) {
  std::ifstream stream(
      std::filesystem::path(ENGINE_SOURCE_DIR) / "models" / "cases" / name / "model.onnx",
      std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void run_in_peace(const Model& model) {
  const Session session(model, {.max_bytes = std::size_t{64} << 20, .max_trips = 1000});
  Tensors inputs;
  for (const TensorInfo& info : model.inputs()) {
    Shape shape;
    for (const Dimension& dim : info.shape) shape.push_back(dim.free() ? 2 : dim.size);
    if (element_count(shape) > 1 << 20) return;
    inputs[info.name] = random(info.dtype, shape, 1);
  }
  session.run(inputs);
}

/// "ran", or the message of the Error.
std::string survive(const std::string& bytes) {
  try {
    run_in_peace(Model::parse(std::as_bytes(std::span(bytes)), kTight));
    return "ran";
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
    EXPECT_STRNE(error.what(), "");
    return error.what();
  }
}

TEST(Truncation, AtEveryByteOfTheJetTagger) {
  const std::string bytes = read_model("jet_tagger");
  ASSERT_EQ(survive(bytes), "ran");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string message = survive(bytes.substr(0, length));
    // ONNX puts the opset behind the graph, so that no cut is a whole model.
    EXPECT_NE(message, "ran") << "cut at " << length;
  }
}

TEST(Truncation, OfOtherModels) {
  for (const char* name : {"lstm", "attention", "graph_network", "boosted_trees"}) {
    const std::string bytes = read_model(name);
    for (std::size_t length = 1; length < bytes.size(); length += 37)
      survive(bytes.substr(0, length));
  }
}

/// One random change of a model's structure.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void change(pb::ModelProto& model) {
    pb::GraphProto& graph = *model.mutable_graph();
    if (graph.node_size() == 0) return;
    switch (below(13)) {
      case 0: graph.mutable_node()->DeleteSubrange(any_node(graph), 1); break;
      case 1: *graph.add_node() = graph.node(any_node(graph)); break;
      case 2: graph.mutable_node()->SwapElements(any_node(graph), any_node(graph)); break;
      case 3: change_edge(graph); break;
      case 4:
        graph.mutable_node(any_node(graph))->set_op_type(graph.node(any_node(graph)).op_type());
        break;
      case 5: change_initializer(graph); break;
      case 6:
      case 7:
      case 8:
      case 9: change_attribute(*graph.mutable_node(any_node(graph))); break;
      case 10: change_input(graph); break;
      case 11: drop_input(*graph.mutable_node(any_node(graph))); break;
      default:
        model.mutable_opset_import(static_cast<int>(below(model.opset_import_size())))
            ->set_version(static_cast<std::int64_t>(below(30)));
    }
  }

 private:
  std::size_t below(std::size_t n) { return n ? random_() % n : 0; }
  std::size_t below(int n) { return below(static_cast<std::size_t>(n)); }
  int any_node(const pb::GraphProto& graph) { return static_cast<int>(below(graph.node_size())); }

  std::int64_t any_number() {
    const std::int64_t numbers[] = {0,
                                    1,
                                    -1,
                                    2,
                                    3,
                                    7,
                                    64,
                                    1000,
                                    -2,
                                    1 << 20,
                                    std::int64_t{1} << 31,
                                    std::int64_t{1} << 40,
                                    INT64_MAX,
                                    INT64_MIN};
    return numbers[below(std::size(numbers))];
  }

  void drop_input(pb::NodeProto& node) {
    if (node.input_size() > 0) node.mutable_input()->RemoveLast();
  }

  void change_edge(pb::GraphProto& graph) {
    pb::NodeProto& to = *graph.mutable_node(any_node(graph));
    const pb::NodeProto& from = graph.node(any_node(graph));
    if (to.input_size() == 0) return;
    std::string name = from.output_size() > 0 ? from.output(0) : "nowhere";
    if (below(3) == 0 && from.input_size() > 0) name = from.input(0);
    if (below(8) == 0) name.clear();
    to.set_input(static_cast<int>(below(to.input_size())), name);
  }

  void change_initializer(pb::GraphProto& graph) {
    if (graph.initializer_size() == 0) return;
    pb::TensorProto& tensor =
        *graph.mutable_initializer(static_cast<int>(below(graph.initializer_size())));
    switch (below(5)) {
      case 0: tensor.set_data_type(static_cast<int>(below(20))); break;
      case 1:
        if (tensor.dims_size())
          tensor.set_dims(static_cast<int>(below(tensor.dims_size())), any_number());
        break;
      case 2: tensor.add_dims(1); break;
      case 3: {  // the same data under another shape: legal, so that the operator has to notice
        std::int64_t count = 1;
        for (const std::int64_t extent : tensor.dims()) count *= extent;
        tensor.clear_dims();
        if (count % 2 == 0 && below(2)) tensor.add_dims(2), count /= 2;
        tensor.add_dims(count);
        break;
      }
      default:
        if (tensor.dims_size() > 1) tensor.mutable_dims()->SwapElements(0, 1);
    }
  }

  void change_attribute(pb::NodeProto& node) {
    if (node.attribute_size() == 0) {
      auto& axis = *node.add_attribute();
      axis.set_name("axis");
      axis.set_type(pb::AttributeProto::INT);
      axis.set_i(any_number());
      return;
    }
    pb::AttributeProto& attribute =
        *node.mutable_attribute(static_cast<int>(below(node.attribute_size())));
    if (below(6) == 0) {
      node.mutable_attribute()->RemoveLast();
    } else if (attribute.ints_size() > 0) {
      if (below(4) == 0) attribute.add_ints(any_number());
      else if (below(4) == 0) attribute.mutable_ints()->RemoveLast();
      else attribute.set_ints(static_cast<int>(below(attribute.ints_size())), any_number());
    } else if (attribute.type() == pb::AttributeProto::INT) {
      attribute.set_i(any_number());
    } else if (attribute.type() == pb::AttributeProto::FLOAT) {
      attribute.set_f(below(2) ? -1e38f : NAN);
    } else if (attribute.floats_size() > 0) {
      attribute.mutable_floats()->RemoveLast();
    } else {
      attribute.set_type(static_cast<pb::AttributeProto::AttributeType>(below(12)));
    }
  }

  void change_input(pb::GraphProto& graph) {
    auto& type = *graph.mutable_input(static_cast<int>(below(graph.input_size())))
                      ->mutable_type()
                      ->mutable_tensor_type();
    if (below(3) == 0) type.set_elem_type(static_cast<int>(below(20)));
    else if (below(3) == 0) type.clear_shape();
    else if (type.shape().dim_size() > 0)
      type.mutable_shape()
          ->mutable_dim(static_cast<int>(below(type.shape().dim_size())))
          ->set_dim_value(any_number());
  }

  std::mt19937 random_;
};

class Mutation : public testing::TestWithParam<const char*> {};

TEST_P(Mutation, OfTheStructureIsSurvived) {
  pb::ModelProto original;
  ASSERT_TRUE(original.ParseFromString(read_model(GetParam())));
  int ran = 0;
  constexpr unsigned kRounds = 400;
  for (unsigned round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(concat(GetParam(), ", round ", round));
    Mutator mutator(round);
    pb::ModelProto model = original;
    for (unsigned changes = 1 + round % 3; changes > 0; --changes) mutator.change(model);
    ran += survive(model.SerializeAsString()) == "ran";
  }
  EXPECT_GT(ran, 0) << "changes so coarse that nothing ever runs test the loader only";
}

INSTANTIATE_TEST_SUITE_P(Models, Mutation,
                         testing::Values("jet_tagger", "lstm", "gru", "attention",
                                         "attention_fused", "graph_network", "patch_cnn_nhwc",
                                         "boosted_trees", "jet_tagger_skl2onnx",
                                         "jet_tagger_torch_dynamo"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace engine::test
