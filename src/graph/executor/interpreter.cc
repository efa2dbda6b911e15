#include "graph/executor/interpreter.h"

#include "base/check.h"
#include "base/shape.h"
#include "graph/control_flow.h"

#include <new>

namespace engine::graph {
namespace {

struct Free {
  void operator()(std::byte* p) const noexcept { ::operator delete(p, std::align_val_t{64}); }
};

class Interpreter {
 public:
  Interpreter(const Program& program, Pool& pool, const Limits& limits, const Observer& observer)
      : program_(program), graph_(program.graph()), pool_(pool), limits_(limits),
        observer_(observer), values_(graph_.values.size()), readers_(count_uses(graph_)) {}

  std::vector<Tensor> run(std::span<const Tensor> inputs) {
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) hold(graph_.inputs[i], inputs[i]);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      try {
        run_node(i);
      } catch (const Error& error) {
        fail(error.code(), graph_.label(graph_.nodes[i]), ": ", error.what());
      }
    }
    std::vector<Tensor> outputs;
    for (const ValueId id : graph_.outputs) outputs.push_back(value(id));
    return outputs;
  }

 private:
  static std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

  const Tensor& value(ValueId id) const {
    const Tensor& constant = graph_.value(id).constant;
    return constant.defined() ? constant : values_[at(id)];
  }

  void hold(ValueId id, Tensor tensor) {
    if (id == kNoValue) return;
    used_ += tensor.bytes();
    values_[at(id)] = std::move(tensor);
  }

  void let_go(ValueId id) {
    if (id == kNoValue || --readers_[at(id)] > 0 || !values_[at(id)].defined()) return;
    used_ -= values_[at(id)].bytes();
    values_[at(id)] = {};
  }

  void require_room(std::size_t bytes) const {
    ENGINE_REQUIRE(bytes <= limits_.max_bytes && used_ <= limits_.max_bytes - bytes,
                   ErrorCode::kResourceExhausted, "needs ", bytes, " bytes, ", used_,
                   " are in use, the limit is ", limits_.max_bytes,
                   "; use smaller inputs, or raise max_bytes");
  }

  void run_node(std::size_t i) {
    const Node& node = graph_.nodes[i];
    std::vector<Tensor> in;
    for (const ValueId id : node.inputs) in.push_back(id == kNoValue ? Tensor() : value(id));
    std::vector<Tensor> out;
    if (const auto* control = dynamic_cast<const ControlFlow*>(node.op.get()))
      out = control->run(in, body_runner());
    else if (node.op->data_dependent())
      out = node.op->run_dynamic(in, limits_.max_bytes - std::min(used_, limits_.max_bytes));
    else out = run_static(i, node, in);
    if (observer_) observer_(node, in, out);
    ENGINE_REQUIRE(out.size() >= node.outputs.size(), ErrorCode::kInternal, "made ", out.size(),
                   " outputs, ", node.outputs.size(), " are needed");
    in.clear();
    for (std::size_t k = 0; k < node.outputs.size(); ++k) hold(node.outputs[k], std::move(out[k]));
    require_room(0);
    for (const ValueId id : node.inputs) let_go(id);
  }

  BodyRunner body_runner() {
    BodyRunner runner;
    runner.run = [this](const Graph& body, std::vector<Tensor> inputs) {
      Limits rest = limits_;
      rest.max_bytes -= std::min(used_, rest.max_bytes);
      return interpret(program_.body(body), inputs, pool_, rest);
    };
    runner.max_trips = limits_.max_trips;
    runner.max_bytes = limits_.max_bytes - std::min(used_, limits_.max_bytes);
    return runner;
  }

  std::vector<Tensor> run_static(std::size_t i, const Node& node, const std::vector<Tensor>& in) {
    std::vector<ops::Operand> operands;
    for (std::size_t k = 0; k < in.size(); ++k) {
      ops::Operand operand;
      operand.present = node.inputs[k] != kNoValue;
      if (in[k].defined()) {
        operand.type = {in[k].dtype(), in[k].shape()};
        operand.value = &in[k];
      } else if (operand.present) {
        operand.type = graph_.value(node.inputs[k]).type;  // packed and let go
      }
      operands.push_back(std::move(operand));
    }
    const auto types = node.op->infer(ops::Operands(operands), std::ssize(node.outputs));
    std::vector<Tensor> out;
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] == kNoValue) {
        out.emplace_back();
        continue;
      }
      const auto shape = types.at(k).shape();
      ENGINE_REQUIRE(shape, ErrorCode::kInternal, "output ", k, " has no shape");
      require_room(static_cast<std::size_t>(byte_count(types[k].dtype, *shape)));
      out.emplace_back(types[k].dtype, *shape);
    }
    run_kernel(i, node, operands, in, out);
    return out;
  }

  void run_kernel(std::size_t i, const Node& node, const std::vector<ops::Operand>& operands,
                  const std::vector<Tensor>& in, std::vector<Tensor>& out) {
    std::vector<ops::Input> inputs;
    std::vector<ops::Output> outputs;
    std::vector<Shape> shapes(in.size());
    std::vector<const void*> in_data;
    std::vector<void*> out_data;
    for (std::size_t k = 0; k < in.size(); ++k) {
      if (in[k].defined()) inputs.push_back(ops::view(in[k]));
      else if (operands[k].present) {
        shapes[k] = *operands[k].type.shape();
        inputs.push_back({operands[k].type.dtype, &shapes[k], nullptr});
      } else inputs.emplace_back();
      in_data.push_back(in[k].data());
    }
    for (Tensor& tensor : out) {
      outputs.push_back(ops::mutable_view(tensor));
      out_data.push_back(tensor.mutable_data());
    }
    const auto kernel =
        program_.backend().bind({*node.op, inputs, outputs, program_.packed(i)});
    const std::size_t scratch = kernel->scratch_bytes(pool_.concurrency());
    require_room(scratch);
    const std::unique_ptr<std::byte, Free> memory(
        static_cast<std::byte*>(::operator new(scratch + 64, std::align_val_t{64})));
    const ops::Fault fault = kernel->run({in_data.data(), out_data.data(), memory.get(), pool_});
    ENGINE_REQUIRE(fault.ok(), code_of(fault.kind), describe(fault));
  }

  const Program& program_;
  const Graph& graph_;
  Pool& pool_;
  Limits limits_;
  const Observer& observer_;
  std::vector<Tensor> values_;
  std::vector<int> readers_;
  std::size_t used_ = 0;
};

}  // namespace

std::vector<Tensor> interpret(const Program& program, std::span<const Tensor> inputs, Pool& pool,
                              const Limits& limits, const Observer& observer) {
  return Interpreter(program, pool, limits, observer).run(inputs);
}

std::string describe(const ops::Fault& fault) {
  using Kind = Status::Fault;
  switch (fault.kind) {
    case Kind::kNone: return "no fault";
    case Kind::kIndexOutOfRange:
      return concat("index ", fault.a, " is outside [", -fault.b, ", ", fault.b - 1,
                    "] (the axis has ", fault.b, " elements)");
    case Kind::kDivisionByZero: return "integer division by zero";
    case Kind::kBadShape:
      return concat("extents do not fit: ", fault.a, " against ", fault.b);
    case Kind::kResourceExhausted:
      return concat("needs more than the limit (", fault.a, " against ", fault.b, ")");
    case Kind::kBadValue: return concat("value ", fault.a, " is illegal here");
    case Kind::kInternal: return "failed for an internal reason (please report it)";
  }
  return "unknown fault";
}

ErrorCode code_of(Status::Fault fault) noexcept {
  switch (fault) {
    case Status::Fault::kResourceExhausted: return ErrorCode::kResourceExhausted;
    case Status::Fault::kInternal: return ErrorCode::kInternal;
    default: return ErrorCode::kRunFailed;
  }
}

}  // namespace engine::graph
