// Drawings: layers are layers, nothing overlaps, and the picture is well-formed.
#include "tools/inspect/drawing.h"

#include "tools/inspect/families.h"
#include "tools/inspect/layout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

namespace engine::tools {
namespace {

using graph::Graph;
using graph::ValueId;

class Named : public ops::Operator {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  std::string_view name() const noexcept override { return name_; }
  std::vector<TensorType> infer(const ops::Operands&, Index) const override { return {}; }
  ops::Fault reference(ops::Inputs, ops::Outputs) const override { return ops::kNoFault; }
  ops::Fault evaluate(ops::Inputs, ops::Outputs) const override { return ops::kNoFault; }
  std::string describe() const override { return name_ == "Conv" ? "kernel_shape=[3, 3]" : ""; }

 private:
  std::string name_;
};

ValueId add(Graph& graph, const std::string& op, std::vector<ValueId> inputs) {
  const auto id = static_cast<ValueId>(graph.values.size());
  const std::string name = op + std::to_string(id) + "<&>";
  graph.values.push_back(
      {name, TensorType(DType::kFloat32, Dims{Dim::symbol("N"), 64, 56, 56}), {}});
  graph.nodes.push_back({name, std::make_shared<Named>(op), std::move(inputs), {id}});
  return id;
}

// A chain of residual blocks, and a head of two branches.
Graph residual_network(int blocks) {
  Graph graph;
  graph.values.push_back(
      {"data", TensorType(DType::kFloat32, Dims{Dim::symbol("N"), 3, 56, 56}), {}});
  graph.values.push_back({"weights", TensorType(DType::kFloat32, Shape{64, 64, 3, 3}),
                          Tensor(DType::kFloat32, {64, 64, 3, 3})});
  graph.inputs = {0};
  ValueId x = add(graph, "Conv", {0, 1});
  for (int i = 0; i < blocks; ++i) {
    const ValueId a =
        add(graph, "Relu", {add(graph, "BatchNormalization", {add(graph, "Conv", {x, 1})})});
    const ValueId b = add(graph, "BatchNormalization", {add(graph, "Conv", {a, 1})});
    x = add(graph, "Relu", {add(graph, "Add", {b, x})});
  }
  const ValueId flat = add(graph, "Reshape", {add(graph, "GlobalAveragePool", {x})});
  graph.outputs = {add(graph, "Softmax", {add(graph, "Gemm", {flat, 1})}),
                   add(graph, "Sigmoid", {add(graph, "Gemm", {flat, 1})})};
  return graph;
}

bool overlap(const LayoutBox& a, const LayoutBox& b) {
  return std::abs(a.centre.x - b.centre.x) < (a.width + b.width) / 2 - 0.01 &&
         std::abs(a.centre.y - b.centre.y) < (a.height + b.height) / 2 - 0.01;
}

TEST(Layout, BoxesDoNotOverlapAndLinesGoDown) {
  Layout layout;
  for (int i = 0; i < 40; ++i) layout.boxes.push_back({60.0 + 10 * (i % 5), 30, {}});
  for (std::size_t i = 1; i < 40; ++i)
    for (const std::size_t from : {i / 2, i - i / 3 - 1})
      if (from < i) layout.lines.push_back({from, i, from, 0.5, 0.5, {}});
  ASSERT_TRUE(lay_out(layout));
  for (std::size_t i = 0; i < layout.boxes.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) EXPECT_FALSE(overlap(layout.boxes[i], layout.boxes[k]));
  for (const LayoutLine& line : layout.lines)
    for (std::size_t i = 1; i < line.points.size(); ++i)
      EXPECT_GE(line.points[i].y, line.points[i - 1].y);
  for (const LayoutBox& box : layout.boxes) {
    EXPECT_GE(box.centre.x - box.width / 2, -0.01);
    EXPECT_LE(box.centre.x + box.width / 2, layout.width + 0.01);
  }
}

TEST(Layout, ChainIsStraight) {
  Layout layout;
  for (int i = 0; i < 5; ++i) layout.boxes.push_back({50.0 + i, 30, {}});
  for (std::size_t i = 1; i < 5; ++i) layout.lines.push_back({i - 1, i, i, 0.5, 0.5, {}});
  ASSERT_TRUE(lay_out(layout));
  for (const LayoutBox& box : layout.boxes)
    EXPECT_NEAR(box.centre.x, layout.boxes[0].centre.x, 0.5);
}

TEST(Layout, GivesUpOnTooManyBends) {
  Layout layout;
  for (int i = 0; i < 100; ++i) layout.boxes.push_back({50, 30, {}});
  for (std::size_t i = 1; i < 100; ++i) layout.lines.push_back({i - 1, i, i, 0.5, 0.5, {}});
  layout.lines.push_back({0, 99, 1000, 0.5, 0.5, {}});
  EXPECT_FALSE(lay_out(layout, 50));
  EXPECT_TRUE(lay_out(layout, 200));
}

TEST(Layout, OfNothing) {
  Layout layout;
  EXPECT_TRUE(lay_out(layout));
}

TEST(Drawing, NamesAreEscapedAndEveryNodeIsThere) {
  const Graph graph = residual_network(3);
  const std::string svg = draw(graph, "a <model> & \"more\"");
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_EQ(svg.find("<&>"), std::string::npos);
  EXPECT_NE(svg.find("a &lt;model&gt; &amp;"), std::string::npos);
  std::size_t boxes = 0;
  for (std::size_t at = 0; (at = svg.find("<g><title>", at)) != std::string::npos; ++at) ++boxes;
  EXPECT_EQ(boxes, graph.nodes.size() + graph.inputs.size() + graph.outputs.size());
}

TEST(Drawing, LargeGraphsAreRefused) {
  Graph graph = residual_network(1);
  while (graph.nodes.size() <= 3000) add(graph, "Relu", {0});
  EXPECT_THROW(draw(graph, "large"), Error);
}

TEST(Families, FusedAndForeignNamesCount) {
  EXPECT_EQ(&family_of("Conv+Relu"), &family_of("ConvTranspose"));
  EXPECT_EQ(&family_of("com.microsoft::Gelu"), &family_of("Relu"));
  EXPECT_EQ(&family_of("NoSuchThing"), &kFamilies[0]);
}

}  // namespace
}  // namespace engine::tools
