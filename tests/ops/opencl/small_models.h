// Models for tests of the runtime: few kernels, each of another program.
#pragma once

#include "loaders/onnx/model_builder.h"
#include "support/operator_case.h"

#include <engine/engine.h>

#include <optional>
#include <string>

namespace engine::test {

inline std::vector<float> some_floats(Index count, unsigned seed) {
  const Tensor tensor = random(DType::kFloat32, {count}, seed);
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

inline Model small_mlp() {
  onnx::test::ModelWriter model;
  auto graph = model.graph();
  graph.input("x", {4, 6}).output("y");
  graph.floats("w", {6, 20}, some_floats(120, 1)).floats("b", {20}, some_floats(20, 2));
  graph.node("Gemm", {"x", "w", "b"}, {"h"});
  graph.node("Tanh", {"h"}, {"t"});
  graph.node("Softmax", {"t"}, {"y"});
  return model.parse();
}

inline Model small_conv() {
  onnx::test::ModelWriter model;
  auto graph = model.graph();
  graph.input("x", {1, 3, 6, 6}).output("y");
  graph.floats("w", {18, 3, 3, 3}, some_floats(18 * 27, 3));
  graph.node("Conv", {"x", "w"}, {"c"});
  graph.node("Relu", {"c"}, {"r"});
  graph.node("GlobalAveragePool", {"r"}, {"y"});
  return model.parse();
}

/// Rows of a table of 4, by "rows", three positions that the device checks.
inline Model rows_of_a_table() {
  onnx::test::ModelWriter model;
  auto graph = model.graph();
  graph.input("rows", {3}, onnx::pb::TensorProto::INT64).output("y");
  graph.floats("table", {4, 20}, some_floats(80, 4));
  graph.node("Gather", {"table", "rows"}, {"g"});
  graph.node("Tanh", {"g"}, {"y"});
  return model.parse();
}

/// The determinant has no kernel on any device but the host.
inline Model partly_on_host() {
  onnx::test::ModelWriter model;
  auto graph = model.graph();
  graph.input("x", {5, 2, 2}).output("y");
  graph.node("Exp", {"x"}, {"e"});
  graph.node("Det", {"e"}, {"d"});
  graph.node("Tanh", {"d"}, {"y"});
  return model.parse();
}

/// From a device string to outputs, in steps that can be taken again after a failure.
class Attempt {
 public:
  explicit Attempt(const Model& model, std::string device = "opencl", std::string program = "")
      : model_(model), device_(std::move(device)), program_(std::move(program)) {}

  /// Goes on where it stopped and runs; the message of what failed, or "".
  std::string go() {
    try {
      if (!session_)
        session_.emplace(model_,
                         SessionOptions{.device = device_, .tuning = "off", .program = program_});
      if (!call_) bind();
      const Status status = call_->run();
      return status.ok() ? "" : call_->message(status);
    } catch (const Error& error) {
      return error.what();
    }
  }
  Session& session() { return *session_; }
  std::vector<float> output() const {
    const auto values = call_->output<float>(model_.outputs()[0].name);
    return {values.begin(), values.end()};
  }

 private:
  void bind() {
    const TensorInfo& info = model_.inputs()[0];
    Shape shape;
    for (const Dimension& dim : info.shape) shape.push_back(dim.size);
    BoundCall call = session_->bind({{info.name, shape}});
    const auto input = call.input<float>(info.name);
    std::ranges::copy(some_floats(std::ssize(input), 9), input.begin());
    call_.emplace(std::move(call));
  }

  const Model& model_;
  std::string device_, program_;
  std::optional<Session> session_;
  std::optional<BoundCall> call_;
};

inline std::vector<float> wanted_output(const Model& model) {
  Attempt attempt(model, "cpu");
  attempt.go();
  return attempt.output();
}

}  // namespace engine::test
