// Every pass on a small graph: what it was, and what it has become.
#include "graph/control_flow.h"
#include "graph/passes/passes.h"

#include "ops/conv.h"
#include "ops/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace engine::graph {
namespace {

/// Builds a graph by names; `outline` prints it as one "Operator(inputs) -> outputs" per line.
class Builder {
 public:
  Builder& input(const std::string& name, Dims dims, DType dtype = DType::kFloat32) {
    graph.inputs.push_back(graph.add_value(name, {dtype, std::move(dims)}));
    return *this;
  }
  Builder& constant(const std::string& name, Shape shape, float value) {
    Tensor tensor(DType::kFloat32, std::move(shape));
    for (float& element : tensor.mutable_values<float>()) element = value;
    graph.add_constant(name, std::move(tensor));
    return *this;
  }
  Builder& integers(const std::string& name, std::vector<Index> values) {
    graph.add_constant(name, Tensor::of<std::int64_t>({std::ssize(values)}, values));
    return *this;
  }
  Builder& node(const std::string& op, const std::vector<std::string>& inputs,
                const std::string& output, const ops::Attributes& attributes = {}) {
    Node made;
    made.op = ops::find("", op)->make(attributes);
    for (const std::string& name : inputs) made.inputs.push_back(find(name));
    made.outputs = {graph.add_value(output, {})};
    graph.nodes.push_back(std::move(made));
    return *this;
  }
  Graph output(const std::string& name) {
    graph.outputs.push_back(find(name));
    infer_types(graph);
    return graph;
  }
  Graph graph;

 private:
  ValueId find(const std::string& name) const {
    for (std::size_t i = 0; i < graph.values.size(); ++i)
      if (graph.values[i].name == name) return static_cast<ValueId>(i);
    ADD_FAILURE() << "no value " << name;
    return kNoValue;
  }
};

std::string outline(const Graph& graph) {
  std::string text;
  const auto names = [&](const std::vector<ValueId>& ids) {
    std::string list;
    for (const ValueId id : ids)
      list += (list.empty() ? "" : ", ") + (id == kNoValue ? "-" : graph.value(id).name);
    return list;
  };
  for (const Node& node : graph.nodes) {
    const std::string details = node.op->describe();
    const auto plus = details.find('+');
    text += std::string(node.op->name()) + (plus == std::string::npos ? "" : details.substr(plus)) +
            "(" + names(node.inputs) + ") -> " + names(node.outputs) + "\n";
  }
  return text;
}

ops::Attributes with(const std::string& name, ops::Attribute value) {
  ops::Attributes attributes;
  attributes.set(name, std::move(value));
  return attributes;
}

const Dim kBatch = Dim::symbol("N");

TEST(Passes, EliminateIdentities) {
  Graph graph = Builder()
                    .input("x", {kBatch, 4})
                    .node("Identity", {"x"}, "a")
                    .node("Relu", {"a"}, "b")
                    .node("Identity", {"b"}, "y")
                    .output("y");
  EXPECT_EQ(outline(graph), "Identity(x) -> a\nRelu(a) -> b\nIdentity(b) -> y\n");
  EXPECT_EQ(eliminate_identities(graph), 2);
  EXPECT_EQ(outline(graph), "Relu(x) -> b\n");
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "b");
}

TEST(Passes, FoldConstants) {
  Graph graph = Builder()
                    .input("x", {kBatch, 4})
                    .constant("p", {4}, 2)
                    .constant("q", {4}, 3)
                    .node("Add", {"p", "q"}, "sum")
                    .node("Mul", {"x", "sum"}, "y")
                    .output("y");
  EXPECT_EQ(outline(graph), "Add(p, q) -> sum\nMul(x, sum) -> y\n");
  EXPECT_EQ(fold_constants(graph), 1);
  EXPECT_EQ(outline(graph), "Mul(x, sum) -> y\n");
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).constant.values<float>()[0], 5);
}

TEST(Passes, FoldExtentsThatAreKnown) {
  Graph graph = Builder()
                    .input("x", {kBatch, 3, 4})
                    .integers("one", {1})
                    .node("Shape", {"x"}, "shape")
                    .node("Gather", {"shape", "one"}, "channels")
                    .node("Size", {"shape"}, "rank")
                    .node("Add", {"channels", "rank"}, "sum")
                    .node("Concat", {"shape", "sum"}, "y", with("axis", Index{0}))
                    .output("y");
  EXPECT_EQ(fold_constants(graph), 3);
  EXPECT_EQ(outline(graph), "Shape(x) -> shape\nConcat(shape, sum) -> y\n");
  EXPECT_EQ(graph.value(graph.nodes[1].inputs[1]).constant.values<std::int64_t>()[0], 6);
}

// if (size(shape(x)) == rank) { if (true) Relu(x) else Neg(x) } else x: both conditions are known.
Graph nested_branches(Index rank) {
  const auto branch = [](const char* op) {
    Graph body = Builder().input("v", {kBatch, 4}).node(op, {"v"}, op).output(op);
    return std::make_shared<const Graph>(std::move(body));
  };
  Builder inner;
  inner.input("w", {kBatch, 4});
  inner.graph.add_constant("yes", Tensor::scalar(true));
  Node choice;
  choice.op = make_if(branch("Relu"), branch("Neg"));
  choice.inputs = {1, 0, 0};
  choice.outputs = {inner.graph.add_value("chosen", {})};
  inner.graph.nodes.push_back(std::move(choice));
  const auto yes = std::make_shared<const Graph>(inner.output("chosen"));
  const auto no = std::make_shared<const Graph>(Builder().input("u", {kBatch, 4}).output("u"));

  Builder outer;
  outer.input("x", {kBatch, 4}).integers("rank", {rank});
  outer.node("Shape", {"x"}, "shape").node("Size", {"shape"}, "size");
  outer.node("Equal", {"size", "rank"}, "same");
  Node node;
  node.op = make_if(yes, no);
  node.inputs = {outer.graph.nodes.back().outputs[0], 0, 0};
  node.outputs = {outer.graph.add_value("branch", {})};
  outer.graph.nodes.push_back(std::move(node));
  return outer.node("Abs", {"branch"}, "y").output("y");
}

TEST(Passes, InlineBranches) {
  Graph taken = nested_branches(2);
  EXPECT_EQ(fold_constants(taken), 2);
  EXPECT_EQ(outline(taken), "Shape(x) -> shape\nIf(same, x, x) -> branch\nAbs(branch) -> y\n");
  EXPECT_EQ(inline_branches(taken), 2);
  EXPECT_EQ(outline(taken), "Shape(x) -> shape\nRelu(x) -> Relu\nAbs(Relu) -> y\n");

  Graph other = nested_branches(3);
  EXPECT_EQ(fold_constants(other), 2);
  EXPECT_EQ(inline_branches(other), 1);
  EXPECT_EQ(outline(other), "Shape(x) -> shape\nAbs(x) -> y\n");
}

TEST(Passes, FoldConstantsKeepsItsBudget) {
  Builder builder;
  builder.input("x", {kBatch, 4}).integers("huge", {1 << 20, 1 << 20});
  Graph graph = builder.node("ConstantOfShape", {"huge"}, "bomb")
                    .node("ReduceMax", {"bomb"}, "m", with("keepdims", Index{0}))
                    .node("Add", {"x", "m"}, "y")
                    .output("y");
  EXPECT_EQ(fold_constants(graph), 0);
  EXPECT_EQ(graph.nodes.size(), 3u);
}

TEST(Passes, BindClipBounds) {
  Graph graph = Builder()
                    .input("x", {kBatch, 4})
                    .constant("low", {}, 0)
                    .constant("high", {}, 6)
                    .node("Clip", {"x", "low", "high"}, "y")
                    .output("y");
  EXPECT_EQ(outline(graph), "Clip(x, low, high) -> y\n");
  EXPECT_EQ(bind_clip_bounds(graph), 1);
  EXPECT_EQ(outline(graph), "Clip(x) -> y\n");
}

TEST(Passes, RecognizeLayerNormalization) {
  Graph graph = Builder()
                    .input("x", {kBatch, 3, 8})
                    .integers("axes", {-1})
                    .constant("two", {}, 2)
                    .constant("epsilon", {}, 1e-5f)
                    .constant("scale", {8}, 1)
                    .constant("bias", {8}, 0)
                    .node("ReduceMean", {"x", "axes"}, "mean")
                    .node("Sub", {"x", "mean"}, "d")
                    .node("Pow", {"d", "two"}, "square")
                    .node("ReduceMean", {"square", "axes"}, "variance")
                    .node("Add", {"variance", "epsilon"}, "shifted")
                    .node("Sqrt", {"shifted"}, "root")
                    .node("Div", {"d", "root"}, "normal")
                    .node("Mul", {"normal", "scale"}, "scaled")
                    .node("Add", {"scaled", "bias"}, "y")
                    .output("y");
  EXPECT_EQ(recognize_layer_normalization(graph), 1);
  eliminate_dead_nodes(graph);
  EXPECT_EQ(outline(graph), "LayerNormalization(x, scale, bias) -> y\n");
}

TEST(Passes, RecognizeGelu) {
  Graph graph = Builder()
                    .input("x", {kBatch, 8})
                    .constant("root", {}, 1.41421354f)
                    .constant("one", {}, 1)
                    .constant("half", {}, 0.5f)
                    .node("Div", {"x", "root"}, "a")
                    .node("Erf", {"a"}, "b")
                    .node("Add", {"b", "one"}, "c")
                    .node("Mul", {"x", "c"}, "d")
                    .node("Mul", {"d", "half"}, "y")
                    .output("y");
  EXPECT_EQ(recognize_gelu(graph), 1);
  eliminate_dead_nodes(graph);
  EXPECT_EQ(outline(graph), "Gelu(x) -> y\n");
}

TEST(Passes, SimplifyTransposesThatMeetBehindAnActivation) {
  const ops::Attributes to_nchw = with("perm", std::vector<Index>{0, 3, 1, 2});
  const ops::Attributes to_nhwc = with("perm", std::vector<Index>{0, 2, 3, 1});
  Graph graph = Builder()
                    .input("x", {kBatch, 5, 6, 2})
                    .constant("bias", {2, 1, 1}, 1)
                    .node("Transpose", {"x"}, "a", to_nchw)
                    .node("Add", {"a", "bias"}, "b")
                    .node("Relu", {"b"}, "c")
                    .node("Transpose", {"c"}, "y", to_nhwc)
                    .output("y");
  EXPECT_GT(simplify_transposes(graph), 0);
  EXPECT_EQ(outline(graph).find("Transpose"), std::string::npos) << outline(graph);
  EXPECT_EQ(to_string(graph.value(graph.outputs[0]).type), "float32 [N, 5, 6, 2]");
}

Builder attention(const char* scaling, float scale, std::vector<Index> split_keys) {
  const ops::Attributes heads_first = with("perm", std::vector<Index>{0, 2, 1, 3});
  Builder builder;
  for (const char* name : {"q", "k", "v"}) builder.input(name, {kBatch, 6, 4, 8});
  builder.constant("c", {}, scale)
      .node("Transpose", {"q"}, "qt", heads_first)
      .node("Transpose", {"k"}, "kt", with("perm", std::move(split_keys)))
      .node("Transpose", {"v"}, "vt", heads_first)
      .node("MatMul", {"qt", "kt"}, "scores")
      .node(scaling, {"scores", "c"}, "scaled")
      .node("Softmax", {"scaled"}, "p", with("axis", Index{-1}))
      .node("MatMul", {"p", "vt"}, "heads")
      .node("Transpose", {"heads"}, "y", heads_first);
  return builder;
}

TEST(Passes, FuseAttention) {
  for (const char* scaling : {"Div", "Mul"}) {
    Graph graph = attention(scaling, 3, {0, 2, 3, 1}).output("y");
    EXPECT_EQ(fuse_attention(graph), 1);
    EXPECT_EQ(outline(graph), "HeadAttention(q, k, v) -> y\n");
    infer_types(graph);
    EXPECT_EQ(to_string(graph.value(graph.outputs[0]).type), "float32 [N, 6, 4, 8]");
  }
}

TEST(Passes, FuseAttentionWithBias) {
  const ops::Attributes heads_first = with("perm", std::vector<Index>{0, 2, 1, 3});
  const auto with_bias = [&](Dims mask) {
    Builder builder;
    for (const char* name : {"q", "k", "v"}) builder.input(name, {kBatch, 6, 4, 8});
    return builder.input("mask", std::move(mask))
        .node("Transpose", {"q"}, "qt", heads_first)
        .node("Transpose", {"k"}, "kt", with("perm", std::vector<Index>{0, 2, 3, 1}))
        .node("Transpose", {"v"}, "vt", heads_first)
        .node("MatMul", {"qt", "kt"}, "scores")
        .node("Add", {"mask", "scores"}, "masked")
        .node("Softmax", {"masked"}, "p", with("axis", Index{-1}))
        .node("MatMul", {"p", "vt"}, "heads")
        .node("Transpose", {"heads"}, "y", heads_first)
        .output("y");
  };
  for (const Dims& mask : {Dims{kBatch, 1, 1, 6}, Dims{1, 4, 6, 6}}) {
    Graph graph = with_bias(mask);
    EXPECT_EQ(fuse_attention(graph), 1);
    EXPECT_EQ(outline(graph), "HeadAttention(q, k, v, mask) -> y\n");
  }
  for (const Dims& mask : {Dims{6}, Dims{1, 1, 6, 1}}) {
    Graph graph = with_bias(mask);
    EXPECT_EQ(fuse_attention(graph), 0) << to_string(mask);
  }
}

TEST(Passes, FuseAttentionOnlyWhereNothingElseIsMeant) {
  Graph negative = attention("Div", -3, {0, 2, 3, 1}).output("y");
  EXPECT_EQ(fuse_attention(negative), 0);
  Builder builder = attention("Div", 3, {0, 2, 3, 1});
  builder.output("p");  // the weights are wanted too
  Graph exposed = builder.output("y");
  EXPECT_EQ(fuse_attention(exposed), 0);
}

TEST(Passes, FoldBatchNormalizationIntoConv) {
  Graph graph = Builder()
                    .input("x", {kBatch, 2, 5, 5})
                    .constant("w", {3, 2, 3, 3}, 1)
                    .constant("scale", {3}, 2)
                    .constant("b", {3}, 1)
                    .constant("mean", {3}, 4)
                    .constant("variance", {3}, 1)
                    .node("Conv", {"x", "w"}, "a")
                    .node("BatchNormalization", {"a", "scale", "b", "mean", "variance"}, "y",
                          with("epsilon", 0.0f))
                    .output("y");
  EXPECT_EQ(fold_batch_normalization(graph), 1);
  EXPECT_EQ(outline(graph), "Conv(x, w.folded, w.bias) -> y\n");
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).constant.values<float>()[0], 2);
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[2]).constant.values<float>()[0], 1 - 4 * 2);
}

TEST(Passes, MakeDenseAndFuseEpilogues) {
  Graph graph = Builder()
                    .input("x", {kBatch, 4})
                    .constant("w", {4, 8}, 1)
                    .constant("b", {8}, 1)
                    .node("MatMul", {"x", "w"}, "a")
                    .node("Add", {"a", "b"}, "c")
                    .node("Relu", {"c"}, "y")
                    .output("y");
  EXPECT_EQ(make_dense(graph), 1);
  EXPECT_EQ(outline(graph), "Dense(x, w) -> a\nAdd(a, b) -> c\nRelu(c) -> y\n");
  EXPECT_EQ(fuse_epilogues(graph), 2);
  EXPECT_EQ(outline(graph), "Dense+Relu(x, w, b.bias) -> y\n");
}

TEST(Passes, FuseResidualButNotIfTheSumIsReadTwice) {
  const auto build = [](bool twice) {
    Builder builder;
    builder.input("x", {kBatch, 2, 5, 5})
        .constant("w", {2, 2, 1, 1}, 1)
        .node("Conv", {"x", "w"}, "a")
        .node("Add", {"a", "x"}, "b")
        .node("Relu", {"b"}, "c")
        .node("Add", {"c", twice ? "a" : "x"}, "y");
    return builder.output("y");
  };
  Graph once = build(false), twice = build(true);
  EXPECT_EQ(fuse_epilogues(once), 2);
  EXPECT_EQ(outline(once), "Conv+residual+Relu(x, w, -, x) -> c\nAdd(c, x) -> y\n");
  EXPECT_EQ(fuse_epilogues(twice), 0);
}

TEST(Passes, ChooseWinogradByTheLayersShape) {
  const auto build = [](Index channels, Dim height, Index kernel) {
    return Builder()
        .input("x", {kBatch, channels, height, 24})
        .constant("w", {32, channels, kernel, kernel}, 1)
        .node("Conv", {"x", "w"}, "y")
        .output("y");
  };
  const auto tile = [](Graph graph) {
    choose_winograd(graph);
    return dynamic_cast<const ops::Conv&>(*graph.nodes[0].op).winograd;
  };
  EXPECT_EQ(tile(build(32, 22, 3)), 4);
  EXPECT_EQ(tile(build(32, 21, 3)), 2);              // 19 rows of output
  EXPECT_EQ(tile(build(32, 5, 3)), 0);               // 3
  EXPECT_EQ(tile(build(31, 22, 3)), 0);              // few channels
  EXPECT_EQ(tile(build(32, 22, 1)), 0);              // not 3x3
  EXPECT_EQ(tile(build(32, Dim::unknown(), 3)), 0);  // height not stated

  const auto padded = [](Index height, std::vector<Index> pads) {
    ops::Attributes attributes;
    attributes.set("pads", std::move(pads));
    return Builder()
        .input("x", {kBatch, 32, height, 24})
        .constant("w", {32, 32, 3, 3}, 1)
        .node("Conv", {"x", "w"}, "y", attributes)
        .output("y");
  };
  EXPECT_EQ(tile(padded(22, {1, 1, 1, 1})), 4);
  EXPECT_EQ(tile(padded(22, {1, 1, 1, 3})), 0);  // mostly border
  EXPECT_EQ(tile(padded(0, {3, 1, 3, 1})), 0);   // nothing but border
}

TEST(Passes, EliminateDeadNodes) {
  Graph graph = Builder()
                    .input("x", {kBatch, 4})
                    .node("Relu", {"x"}, "y")
                    .node("Exp", {"x"}, "unused")
                    .output("y");
  EXPECT_EQ(eliminate_dead_nodes(graph), 1);
  EXPECT_EQ(outline(graph), "Relu(x) -> y\n");
}

TEST(Passes, EliminateTheStepsOfALayerThatIsReadAtItsEnd) {
  Builder builder;
  builder.input("x", {5, kBatch, 3})
      .constant("w", {1, 12, 3}, 0.5f)
      .constant("r", {1, 12, 4}, 0.5f)
      .node("GRU", {"x", "w", "r"}, "every", with("hidden_size", Index{4}));
  builder.graph.nodes[0].outputs.push_back(builder.graph.add_value("final", {}));
  Graph graph = builder.output("final");
  EXPECT_EQ(eliminate_dead_nodes(graph), 1);
  EXPECT_EQ(outline(graph), "GRU(x, w, r) -> -, final\n");
}

TEST(Passes, AreSwitchedOffByName) {
  Builder builder;
  Graph graph = builder.input("x", {kBatch, 4})
                    .node("Identity", {"x"}, "a")
                    .node("Relu", {"a"}, "y")
                    .output("y");
  for (const PassReport& report : run_passes(graph, {"eliminate_identities"}))
    EXPECT_EQ(report.enabled, report.name != "eliminate_identities");
  EXPECT_EQ(graph.nodes.size(), 2u);
  EXPECT_THROW(run_passes(graph, {"no_such_pass"}), Error);
}

}  // namespace
}  // namespace engine::graph
