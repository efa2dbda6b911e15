#include "graph/executor/interpreter.h"

#include "base/aligned.h"
#include "base/check.h"
#include "base/shape.h"
#include "graph/control_flow.h"
#include "graph/slices.h"

#include <limits>

namespace engine::graph {
namespace {

void require_room(std::size_t bytes, std::size_t used, const Limits& limits) {
  ENGINE_REQUIRE(bytes <= limits.max_bytes && used <= limits.max_bytes - bytes,
                 ErrorCode::kResourceExhausted, "needs ", bytes, " bytes, ", used,
                 " are in use, the limit is ", limits.max_bytes,
                 "; use smaller inputs, or raise max_bytes (--memory)");
}

// What is left of the memory limit.
std::size_t room(const Limits& limits, std::size_t used) {
  return limits.max_bytes - std::min(used, limits.max_bytes);
}

// One node whose output shapes follow from its inputs.
class NodeRun {
 public:
  NodeRun(const Program& program, std::size_t index, std::span<const Tensor> in)
      : program_(program), index_(index), node_(program.graph().nodes[index]), in_(in) {
    for (std::size_t k = 0; k < in.size(); ++k) {
      ops::Operand operand;
      operand.present = node_.inputs[k] != kNoValue;
      if (in[k].defined()) {
        operand.type = {in[k].dtype(), in[k].shape()};
        operand.value = &in[k];
      } else if (operand.present) {
        operand.type = program.graph().value(node_.inputs[k]).type;  // packed and let go
      }
      operands_.push_back(std::move(operand));
    }
  }

  std::vector<Tensor> run(Pool& pool, const Limits& limits, std::size_t used) {
    std::vector<Tensor> out = make_outputs(limits, used);
    const auto kernel = bind(out, pool.concurrency(), limits.tuning);
    const std::size_t scratch = kernel->scratch_bytes(pool.concurrency());
    require_room(scratch, used, limits);
    const AlignedBytes memory = aligned_bytes(scratch);
    ENGINE_REQUIRE(memory, ErrorCode::kResourceExhausted, "no memory for ", scratch,
                   " bytes of scratch; use smaller inputs");
    std::vector<const void*> in_data;
    std::vector<void*> out_data;
    for (const Tensor& tensor : in_) in_data.push_back(tensor.data());
    for (Tensor& tensor : out) out_data.push_back(tensor.mutable_data());
    if (limits.placed) limits.placed(node_, kernel->is_fallback() && !node_.op->is_view());
    const ops::Fault fault = kernel->run({in_data.data(), out_data.data(), memory.get(), pool});
    ENGINE_REQUIRE(fault.ok(), code_of(fault.kind), describe(fault));
    return out;
  }

 private:
  static std::size_t saturating_sum(std::size_t bytes, Index count, std::size_t each) {
    std::size_t more;
    if (__builtin_mul_overflow(static_cast<std::size_t>(count), each, &more) ||
        __builtin_add_overflow(bytes, more, &bytes))
      return std::numeric_limits<std::size_t>::max();
    return bytes;
  }

  // An operator may repeat every text of its inputs.
  std::size_t longest_text() const {
    std::size_t longest = 0;
    for (const Tensor& tensor : in_)
      if (tensor.defined() && tensor.dtype() == DType::kString)
        for (const std::string& text : tensor.strings()) longest = std::max(longest, text.size());
    return longest;
  }

  std::vector<Tensor> make_outputs(const Limits& limits, std::size_t used) const {
    const auto types =
        infer_outputs(*node_.op, ops::Operands(operands_), std::ssize(node_.outputs));
    std::vector<Tensor> out;
    for (std::size_t k = 0; k < node_.outputs.size(); ++k) {
      if (node_.outputs[k] == kNoValue) {
        out.emplace_back();
        continue;
      }
      const auto shape = types.at(k).shape();
      ENGINE_REQUIRE(shape, ErrorCode::kInternal, "output ", k, " has no shape");
      std::size_t bytes = static_cast<std::size_t>(byte_count(types[k].dtype, *shape));
      if (types[k].dtype == DType::kString)
        bytes = saturating_sum(bytes, element_count(*shape), longest_text());
      require_room(bytes, used, limits);
      used += bytes;
      out.emplace_back(types[k].dtype, *shape);
    }
    return out;
  }

  std::unique_ptr<ops::Kernel> bind(std::vector<Tensor>& out, int threads,
                                    const ops::TuningTable* tuning) {
    std::vector<ops::Input> inputs;
    std::vector<ops::Output> outputs;
    shapes_.resize(in_.size());
    for (std::size_t k = 0; k < in_.size(); ++k) {
      if (in_[k].defined() || !operands_[k].present) {
        inputs.push_back(ops::view(in_[k]));
        continue;
      }
      shapes_[k] = *operands_[k].type.shape();
      inputs.push_back({operands_[k].type.dtype, &shapes_[k], nullptr});
    }
    for (Tensor& tensor : out) outputs.push_back(ops::mutable_view(tensor));
    return program_.backend().bind(
        {*node_.op, inputs, outputs, program_.packed(index_), threads, tuning});
  }

  const Program& program_;
  std::size_t index_;
  const Node& node_;
  std::span<const Tensor> in_;
  std::vector<ops::Operand> operands_;
  std::vector<Shape> shapes_;
};

class Interpreter {
 public:
  Interpreter(const Program& program, Pool& pool, const Limits& limits, const Observer& observer)
      : program_(program),
        graph_(program.graph()),
        pool_(pool),
        limits_(limits),
        observer_(observer),
        values_(graph_.values.size()),
        readers_(count_uses(graph_)) {}

  std::vector<Tensor> run(std::span<const Tensor> inputs) {
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) hold(graph_.inputs[i], inputs[i]);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      with_label(graph_, graph_.nodes[i], [&] { step(i); });
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
    used_ += memory_of(tensor);
    values_[at(id)] = std::move(tensor);
  }

  void let_go(ValueId id) {
    if (id == kNoValue || --readers_[at(id)] > 0 || !values_[at(id)].defined()) return;
    used_ -= memory_of(values_[at(id)]);
    values_[at(id)] = {};
  }

  void step(std::size_t i) {
    const Node& node = graph_.nodes[i];
    std::vector<Tensor> in;
    for (const ValueId id : node.inputs) in.push_back(id == kNoValue ? Tensor() : value(id));
    std::vector<Tensor> out = run_node(program_, i, in, pool_, limits_, used_);
    if (observer_) observer_(i, in, out);
    ENGINE_REQUIRE(out.size() >= node.outputs.size(), ErrorCode::kInternal, "made ", out.size(),
                   " outputs, ", node.outputs.size(), " are needed");
    in.clear();
    for (std::size_t k = 0; k < node.outputs.size(); ++k) hold(node.outputs[k], std::move(out[k]));
    require_room(0, used_, limits_);
    for (const ValueId id : node.inputs) let_go(id);
    for (const ValueId id : node.outputs)  // made, and read by nobody
      if (id != kNoValue && readers_[at(id)] == 0) let_go(id);
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

std::vector<Tensor> run_node(const Program& program, std::size_t index, std::span<const Tensor> in,
                             Pool& pool, const Limits& limits, std::size_t used) {
  const Node& node = program.graph().nodes[index];
  if (const auto* control = dynamic_cast<const ControlFlow*>(node.op.get())) {
    const Limits rest{room(limits, used), limits.max_trips, limits.trips, limits.tuning,
                      limits.placed};
    BodyRunner runner;
    runner.run = [&](const Graph& body, std::vector<Tensor> inputs) {
      return interpret(program.body(body), inputs, pool, rest);
    };
    runner.max_trips = rest.max_trips;
    runner.max_bytes = rest.max_bytes;
    runner.trips = rest.trips;
    return control->run(in, runner);
  }
  if (node.op->data_dependent()) {
    if (limits.placed) limits.placed(node, program.backend().has_own_memory());
    return node.op->run_dynamic(in, room(limits, used));
  }
  return NodeRun(program, index, in).run(pool, limits, used);
}

std::string describe(const ops::Fault& fault) {
  using Kind = Status::Fault;
  switch (fault.kind) {
    case Kind::kNone: return "no fault";
    case Kind::kIndexOutOfRange:
      return concat("index ", fault.a, " is out of range (the axis has ", fault.b, " elements)");
    case Kind::kDivisionByZero: return "integer division by zero";
    case Kind::kBadShape: return concat("extents do not fit: ", fault.a, " against ", fault.b);
    case Kind::kResourceExhausted:
      if (fault.b == 0) return "there is no memory for what it needs beside its outputs";
      return concat("needs more than the limit (", fault.a, " against ", fault.b, ")");
    case Kind::kBadValue:
      if (fault.a == ops::kManyValues) return "the values of its inputs do not fit the operator";
      return concat("value ", fault.a, " is illegal here");
    case Kind::kDevice:
      return concat("the device failed (error ", fault.a,
                    " of its driver); run it again, or use --device cpu");
    case Kind::kInternal: return "failed for an internal reason (please report it)";
  }
  return "unknown fault";
}

ErrorCode code_of(Status::Fault fault) noexcept {
  switch (fault) {
    case Status::Fault::kResourceExhausted: return ErrorCode::kResourceExhausted;
    case Status::Fault::kDevice: return ErrorCode::kDeviceFailed;
    case Status::Fault::kInternal: return ErrorCode::kInternal;
    default: return ErrorCode::kRunFailed;
  }
}

}  // namespace engine::graph
