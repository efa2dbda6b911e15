#include <engine/compare.h>

#include "base/check.h"
#include "base/fp_state.h"
#include "session/session_impl.h"

namespace engine {
namespace {

NodeDifference judge(std::string name, std::string op, std::string output, const Tensor& a,
                     const Tensor& b, const Tolerance& tolerance) {
  NodeDifference node{std::move(name), std::move(op), std::move(output), true, {}, {}};
  if (a.dtype() == DType::kString || b.dtype() != a.dtype()) {
    node.checked = false;
    node.why_not = a.dtype() == DType::kString ? "strings are not compared" : "the types differ";
    return node;
  }
  node.difference = compare(a, b, tolerance);
  return node;
}

// Walks both programs, which the same passes made from the same graph: node i is node i in both.
class NodeComparison {
 public:
  NodeComparison(Session::Impl& a, Session::Impl& b, const CompareOptions& options,
                 CompareReport& report)
      : a_(a),
        b_(b),
        options_(options),
        report_(report),
        graph_(b.program->graph()),
        own_(graph_.values.size()) {}

  void run(const std::vector<Tensor>& inputs) {
    const graph::Graph& graph = a_.program->graph();
    ENGINE_REQUIRE(graph.nodes.size() == graph_.nodes.size(), ErrorCode::kInternal,
                   "the two devices have different graphs");
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) own(graph_.inputs[i]) = inputs[i];
    graph::interpret(*a_.program, inputs, *a_.pool, limits(a_),
                     [&](std::size_t node, std::span<const Tensor> in,
                         std::span<const Tensor> out) { visit(node, in, out); });
  }

 private:
  static graph::Limits limits(const Session::Impl& session) {
    return {session.options.max_bytes, session.options.max_trips};
  }
  Tensor& own(graph::ValueId id) { return own_[static_cast<std::size_t>(id)]; }

  void visit(std::size_t index, std::span<const Tensor> in_a, std::span<const Tensor> out_a) {
    if (stopped_) return;
    const graph::Node& node = graph_.nodes[index];
    std::vector<Tensor> in;
    for (std::size_t k = 0; k < node.inputs.size(); ++k)
      in.push_back(operand(node.inputs[k], in_a[k]));
    std::vector<Tensor> out;
    std::string why_not;
    try {
      out = graph::run_node(*b_.program, index, in, *b_.pool, limits(b_));
    } catch (const Error& error) {
      why_not = error.what();
    }
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      const graph::ValueId id = node.outputs[k];
      if (id == graph::kNoValue) continue;
      if (options_.cumulative && !out.empty()) own(id) = out[k];
      add(node, id, out_a[k], out.empty() ? Tensor() : out[k], why_not);
    }
  }

  // What device b reads: its own constants, else its own values (cumulative) or those of a.
  Tensor operand(graph::ValueId id, const Tensor& from_a) {
    if (id == graph::kNoValue) return {};
    if (graph_.value(id).is_constant()) return graph_.value(id).constant;
    if (is_released(id)) return {};
    return options_.cumulative && own(id).defined() ? own(id) : from_a;
  }

  // Neither input, nor constant, nor made by a node: its packed form is all there is.
  bool is_released(graph::ValueId id) {
    if (made_.empty()) {
      made_.assign(graph_.values.size(), false);
      for (const graph::ValueId input : graph_.inputs)
        made_[static_cast<std::size_t>(input)] = true;
      for (const graph::Node& node : graph_.nodes)
        for (const graph::ValueId output : node.outputs)
          if (output != graph::kNoValue) made_[static_cast<std::size_t>(output)] = true;
    }
    return !made_[static_cast<std::size_t>(id)];
  }

  void add(const graph::Node& node, graph::ValueId id, const Tensor& a, const Tensor& b,
           const std::string& why_not) {
    const std::string op(node.op->name());
    if (!b.defined()) {
      report_.nodes.push_back({node.name, op, graph_.value(id).name, false, why_not, {}});
    } else {
      report_.nodes.push_back(
          judge(node.name, op, graph_.value(id).name, a, b, options_.tolerance));
    }
    const NodeDifference& last = report_.nodes.back();
    report_.unchecked += !last.checked;
    stopped_ = options_.stop_at_first && last.checked && !last.difference.within();
  }

  Session::Impl& a_;
  Session::Impl& b_;
  const CompareOptions& options_;
  CompareReport& report_;
  const graph::Graph& graph_;
  std::vector<Tensor> own_;
  std::vector<bool> made_;
  bool stopped_ = false;
};

}  // namespace

bool CompareReport::within() const noexcept {
  for (const auto* list : {&nodes, &outputs})
    for (const NodeDifference& node : *list)
      if (node.checked && !node.difference.within()) return false;
  return true;
}

CompareReport compare(const Model& model, const std::string& device_a, const std::string& device_b,
                      const Tensors& inputs, const CompareOptions& options) {
  const bool is_for_b = device_b.starts_with("opencl");
  const auto session = [&](const std::string& device, bool has_program) {
    return Session(model, {.device = device,
                           .threads = options.threads,
                           .program = has_program ? options.program : ""});
  };
  const Session a = session(device_a, !is_for_b), b = session(device_b, is_for_b);
  CompareReport report;
  report.device_a = a.device();
  report.device_b = b.device();
  const Tensors outputs_a = a.run(inputs), outputs_b = b.run(inputs);
  for (const auto& [name, tensor] : outputs_a) {
    report.outputs.push_back(
        judge(name, "output", name, tensor, outputs_b.at(name), options.tolerance));
    report.unchecked += !report.outputs.back().checked;
  }
  if (!options.per_node) return report;
  const FpState fp;
  NodeComparison(*a.impl(), *b.impl(), options, report).run(a.impl()->ordered(inputs));
  return report;
}

}  // namespace engine
