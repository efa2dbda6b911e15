// Operators that run graphs: If, Loop, Scan.
//
// A subgraph captures nothing by name: the loader turns every outer value that a body uses into a
// further input of the node and of the body, behind the formal ones.
#pragma once

#include "graph/graph.h"

#include <functional>
#include <memory>

namespace engine::graph {

/// What a body runs with; the executor provides it.
struct BodyRunner {
  std::function<std::vector<Tensor>(const Graph& body, std::vector<Tensor> inputs)> run;
  Index max_trips = 0;
  std::size_t max_bytes = 0;
  /// Trips of all loops of the run so far, nested ones among them.
  std::shared_ptr<Index> trips = std::make_shared<Index>(0);

  /// Throws Error (kResourceExhausted) if `count` more trips are too many.
  void take_trips(Index count) const;
};

/// Base of the three. Types of the outputs are known only as far as the bodies' declared types say;
/// shapes come when the node has run.
class ControlFlow : public ops::Operator {
 public:
  bool data_dependent() const noexcept final { return true; }
  ops::Fault reference(ops::Inputs, ops::Outputs) const final;
  ops::Fault evaluate(ops::Inputs, ops::Outputs) const final;

  /// All bodies, for whoever wants to look inside.
  virtual std::vector<std::shared_ptr<const Graph>> bodies() const = 0;

  /// Runs the node. Throws Error (kResourceExhausted) at the trip or memory limit.
  virtual std::vector<Tensor> run(std::span<const Tensor> in, const BodyRunner& runner) const = 0;
};

/// inputs: condition, captures of then_branch, captures of else_branch.
/// Bodies' inputs: their captures. Meaning: ONNX If, opset 25.
ops::OperatorPtr make_if(std::shared_ptr<const Graph> then_branch,
                         std::shared_ptr<const Graph> else_branch);

/// What an If runs for a condition; its captures are the node's inputs from `first_capture` on.
struct Branch {
  std::shared_ptr<const Graph> body;
  std::size_t first_capture = 0;
};
/// The branch of an If; nothing for other operators.
std::optional<Branch> branch_of(const ops::Operator& op, bool condition);

/// Stands for a body that cannot run: no inputs, outputs of these types. Running it throws Error
/// (kRunFailed) with `message`.
std::shared_ptr<const Graph> make_refusal(const std::vector<TensorType>& types,
                                          std::string message);

/// inputs: trip count (optional), condition (optional), `carried` initial values, captures.
/// Body's inputs: iteration, condition, carried values, captures; its outputs: condition, carried
/// values, scan outputs. Meaning: ONNX Loop, opset 25.
ops::OperatorPtr make_loop(std::shared_ptr<const Graph> body, Index carried);

/// Attributes of Scan, as in ONNX opset 25.
struct ScanAttributes {
  Index states = 0;                                        ///< loop-carried values
  Index scans = 0;                                         ///< scan inputs
  std::vector<Index> input_axes, output_axes;              ///< one for each; 0 if empty
  std::vector<Index> input_directions, output_directions;  ///< 1: backwards
};

/// inputs: states, scan inputs, captures. Body's inputs: states, slices, captures; its outputs:
/// states, slices. Meaning: ONNX Scan, opset 25.
ops::OperatorPtr make_scan(std::shared_ptr<const Graph> body, ScanAttributes attributes);

}  // namespace engine::graph
