#include "graph/control_flow.h"

#include "base/shape.h"
#include "graph/slices.h"

namespace engine::graph {
namespace {

using ops::Operands;

// Inputs and outputs of a body by number.
const TensorType& input_type(const Graph& body, Index i) {
  return body.value(body.inputs[static_cast<std::size_t>(i)]).type;
}
const TensorType& output_type(const Graph& body, Index i) {
  return body.value(body.outputs[static_cast<std::size_t>(i)]).type;
}
Index output_count(const Graph& body) { return static_cast<Index>(body.outputs.size()); }

// Symbols inside a body name extents of its own; outside they would mean nothing, or something
// else.
Dims without_symbols(Dims dims) {
  for (Dim& dim : dims)
    if (!dim.known()) dim = Dim::unknown();
  return dims;
}

TensorType outside(TensorType type) {
  type.dims = without_symbols(std::move(type.dims));
  return type;
}

// What holds for both.
TensorType common_type(const TensorType& a, const TensorType& b) {
  if (!a.ranked || !b.ranked || a.rank() != b.rank()) return TensorType::unranked(a.dtype);
  TensorType type = a;
  for (std::size_t i = 0; i < type.dims.size(); ++i)
    if (!(a.dims[i] == b.dims[i])) type.dims[i] = Dim::unknown();
  return type;
}

// After any number of trips an extent is what it was at first if a trip keeps it.
TensorType carried_type(const TensorType& first, const TensorType& in, const TensorType& out) {
  if (!first.ranked || !in.ranked || !out.ranked || out.rank() != first.rank() ||
      in.rank() != first.rank())
    return TensorType::unranked(out.dtype);
  TensorType type = first;
  type.dtype = out.dtype;
  for (std::size_t i = 0; i < type.dims.size(); ++i)
    if (!(in.dims[i] == out.dims[i])) type.dims[i] = Dim::unknown();
  return type;
}

TensorType stacked_type(const TensorType& slice, Index axis, Dim count) {
  if (!slice.ranked) return TensorType::unranked(slice.dtype);
  TensorType type = outside(slice);
  const Index at = normalize_axis(axis, type.rank() + 1);
  type.dims.insert(type.dims.begin() + at, std::move(count));
  return type;
}

void require_bool(const Operands& in, Index i) {
  ENGINE_VALIDATE(!in.has(i) || in.dtype(i) == DType::kBool, "the condition is ",
                  to_string(in.dtype(i)), ", bool needed");
}

bool condition(const Tensor& tensor) {
  ENGINE_REQUIRE(tensor.dtype() == DType::kBool && tensor.size() == 1, ErrorCode::kRunFailed,
                 "the condition is ", to_string(tensor.dtype()), " ", to_string(tensor.shape()),
                 ", one bool needed");
  return tensor.values<bool>()[0];
}

std::vector<Tensor> tail(std::span<const Tensor> in, Index first, Index count) {
  const auto part = in.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
  return {part.begin(), part.end()};
}

Index captures_of(const Graph& body, Index formal) {
  return static_cast<Index>(body.inputs.size()) - formal;
}

std::vector<Tensor> run_body(const BodyRunner& runner, const Graph& body,
                             std::vector<Tensor> inputs) {
  std::vector<Tensor> outputs = runner.run(body, std::move(inputs));
  ENGINE_REQUIRE(outputs.size() == body.outputs.size(), ErrorCode::kInternal, "a body made ",
                 outputs.size(), " outputs of ", body.outputs.size());
  return outputs;
}

class If final : public ControlFlow {
 public:
  If(std::shared_ptr<const Graph> yes, std::shared_ptr<const Graph> no)
      : then_(std::move(yes)), else_(std::move(no)) {}

  std::string_view name() const noexcept override { return "If"; }
  std::vector<std::shared_ptr<const Graph>> bodies() const override { return {then_, else_}; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_bool(in, 0);
    ENGINE_VALIDATE(output_count(*then_) == output_count(*else_), "then_branch has ",
                    output_count(*then_), " outputs, else_branch ", output_count(*else_));
    std::vector<TensorType> types;
    for (Index i = 0; i < output_count(*then_); ++i) {
      const TensorType &a = output_type(*then_, i), &b = output_type(*else_, i);
      ENGINE_VALIDATE(a.dtype == b.dtype, "output ", i, " is ", to_string(a.dtype),
                      " in then_branch and ", to_string(b.dtype), " in else_branch");
      types.push_back(common_type(outside(a), outside(b)));
    }
    return types;
  }

  std::vector<Tensor> run(std::span<const Tensor> in, const BodyRunner& runner) const override {
    const Branch taken = branch(condition(in[0]));
    return run_body(runner, *taken.body,
                    tail(in, static_cast<Index>(taken.first_capture), captures_of(*taken.body, 0)));
  }

  Branch branch(bool yes) const {
    if (yes) return {then_, 1};
    return {else_, 1 + then_->inputs.size()};
  }

 private:
  std::shared_ptr<const Graph> then_, else_;
};

class Loop final : public ControlFlow {
 public:
  Loop(std::shared_ptr<const Graph> body, Index carried)
      : body_(std::move(body)), carried_(carried) {}

  std::string_view name() const noexcept override { return "Loop"; }
  std::vector<std::shared_ptr<const Graph>> bodies() const override { return {body_}; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_bool(in, 1);
    std::vector<TensorType> types;
    for (Index i = 0; i < carried_; ++i)
      types.push_back(
          carried_type(in.type(2 + i), input_type(*body_, 2 + i), output_type(*body_, 1 + i)));
    for (Index i = 1 + carried_; i < output_count(*body_); ++i)
      types.push_back(stacked_type(output_type(*body_, i), 0, Dim::unknown()));
    return types;
  }

  std::vector<Tensor> run(std::span<const Tensor> in, const BodyRunner& runner) const override {
    const bool endless = !in[0].defined();
    const Index trips = endless ? 0 : trip_count(in[0]);
    bool go = !in[1].defined() || condition(in[1]);
    std::vector<Tensor> state = tail(in, 2, carried_);
    const std::vector<Tensor> captures = tail(in, 2 + carried_, captures_of(*body_, 2 + carried_));
    Stacks stacks(output_count(*body_) - 1 - carried_, runner.max_bytes);
    for (Index trip = 0; go && (endless || trip < trips); ++trip) {
      runner.take_trips(1);
      std::vector<Tensor> inputs = {Tensor::scalar<std::int64_t>(trip), Tensor::scalar(go)};
      inputs.insert(inputs.end(), state.begin(), state.end());
      inputs.insert(inputs.end(), captures.begin(), captures.end());
      std::vector<Tensor> outputs = run_body(runner, *body_, std::move(inputs));
      go = condition(outputs[0]);
      std::move(outputs.begin() + 1, outputs.begin() + 1 + carried_, state.begin());
      stacks.push(std::span(outputs).subspan(static_cast<std::size_t>(1 + carried_)));
    }
    for (Index i = 1 + carried_; i < output_count(*body_); ++i)
      state.push_back(stacks.join(i - 1 - carried_, 0, false, output_type(*body_, i)));
    return state;
  }

 private:
  static Index trip_count(const Tensor& tensor) {
    ENGINE_REQUIRE(tensor.dtype() == DType::kInt64 && tensor.size() == 1, ErrorCode::kRunFailed,
                   "the trip count is ", to_string(tensor.dtype()), " ", to_string(tensor.shape()),
                   ", one int64 needed");
    return tensor.values<std::int64_t>()[0];
  }

  std::shared_ptr<const Graph> body_;
  Index carried_;
};

class Scan final : public ControlFlow {
 public:
  Scan(std::shared_ptr<const Graph> body, ScanAttributes attributes)
      : body_(std::move(body)), attributes_(std::move(attributes)) {}

  std::string_view name() const noexcept override { return "Scan"; }
  std::vector<std::shared_ptr<const Graph>> bodies() const override { return {body_}; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    std::vector<TensorType> types;
    for (Index i = 0; i < attributes_.states; ++i)
      types.push_back(carried_type(in.type(i), input_type(*body_, i), output_type(*body_, i)));
    Dim length;
    for (Index i = 0; i < attributes_.scans && !length.known(); ++i) {
      const TensorType& type = in.type(attributes_.states + i);
      if (!type.ranked) continue;
      length = type.dims[static_cast<std::size_t>(normalize_axis(input_axis(i), type.rank()))];
    }
    for (Index i = attributes_.states; i < output_count(*body_); ++i)
      types.push_back(
          stacked_type(output_type(*body_, i), output_axis(i - attributes_.states), length));
    return types;
  }

  std::vector<Tensor> run(std::span<const Tensor> in, const BodyRunner& runner) const override {
    const Index states = attributes_.states, scans = attributes_.scans;
    std::vector<Tensor> state = tail(in, 0, states);
    const std::vector<Tensor> scanned = tail(in, states, scans);
    const std::vector<Tensor> captures =
        tail(in, states + scans, captures_of(*body_, states + scans));
    const Index length = common_length(scanned);
    runner.take_trips(length);
    Stacks stacks(output_count(*body_) - states, runner.max_bytes);
    for (Index trip = 0; trip < length; ++trip) {
      std::vector<Tensor> inputs = std::move(state);
      for (Index i = 0; i < scans; ++i) {
        const bool backwards = flag(attributes_.input_directions, i);
        inputs.push_back(slice_at(scanned[static_cast<std::size_t>(i)], input_axis(i),
                                  backwards ? length - 1 - trip : trip));
      }
      inputs.insert(inputs.end(), captures.begin(), captures.end());
      std::vector<Tensor> outputs = run_body(runner, *body_, std::move(inputs));
      state.assign(outputs.begin(), outputs.begin() + states);
      stacks.push(std::span(outputs).subspan(static_cast<std::size_t>(states)));
    }
    for (Index i = states; i < output_count(*body_); ++i)
      state.push_back(stacks.join(i - states, output_axis(i - states),
                                  flag(attributes_.output_directions, i - states),
                                  output_type(*body_, i)));
    return state;
  }

 private:
  static Index at(const std::vector<Index>& list, Index i) {
    return list.empty() ? 0 : list[static_cast<std::size_t>(i)];
  }
  static bool flag(const std::vector<Index>& list, Index i) { return at(list, i) != 0; }
  Index input_axis(Index i) const { return at(attributes_.input_axes, i); }
  Index output_axis(Index i) const { return at(attributes_.output_axes, i); }

  Index common_length(std::span<const Tensor> scanned) const {
    Index length = -1;
    for (Index i = 0; i < attributes_.scans; ++i) {
      const Shape& shape = scanned[static_cast<std::size_t>(i)].shape();
      const Index rank = static_cast<Index>(shape.size());
      const Index own = shape[static_cast<std::size_t>(normalize_axis(input_axis(i), rank))];
      ENGINE_REQUIRE(length < 0 || own == length, ErrorCode::kRunFailed, "scan input ", i, " has ",
                     own, " slices, the ones before it ", length);
      length = own;
    }
    return length;
  }

  std::shared_ptr<const Graph> body_;
  ScanAttributes attributes_;
};

class Refusal final : public ControlFlow {
 public:
  Refusal(std::vector<TensorType> types, std::string message)
      : types_(std::move(types)), message_(std::move(message)) {}

  std::string_view name() const noexcept override { return "Refusal"; }
  std::vector<std::shared_ptr<const Graph>> bodies() const override { return {}; }
  std::vector<TensorType> infer(const Operands&, Index) const override { return types_; }
  std::vector<Tensor> run(std::span<const Tensor>, const BodyRunner&) const override {
    fail(ErrorCode::kRunFailed, message_);
  }

 private:
  std::vector<TensorType> types_;
  std::string message_;
};

}  // namespace

void BodyRunner::take_trips(Index count) const {
  ENGINE_REQUIRE(count <= max_trips - *trips, ErrorCode::kResourceExhausted, "more than ",
                 max_trips, " trips of all loops together (raise SessionOptions::max_trips)");
  *trips += count;
}

ops::Fault ControlFlow::reference(ops::Inputs, ops::Outputs) const {
  return {Status::Fault::kInternal};
}

ops::Fault ControlFlow::evaluate(ops::Inputs, ops::Outputs) const {
  return {Status::Fault::kInternal};
}

std::optional<Branch> branch_of(const ops::Operator& op, bool condition) {
  const auto* node = dynamic_cast<const If*>(&op);
  return node ? std::optional(node->branch(condition)) : std::nullopt;
}

std::shared_ptr<const Graph> make_refusal(const std::vector<TensorType>& types,
                                          std::string message) {
  auto body = std::make_shared<Graph>();
  Node node;
  node.op = std::make_shared<Refusal>(types, std::move(message));
  for (const TensorType& type : types) node.outputs.push_back(body->add_value("", type));
  body->outputs = node.outputs;
  body->nodes.push_back(std::move(node));
  return body;
}

ops::OperatorPtr make_if(std::shared_ptr<const Graph> then_branch,
                         std::shared_ptr<const Graph> else_branch) {
  return std::make_shared<If>(std::move(then_branch), std::move(else_branch));
}

ops::OperatorPtr make_loop(std::shared_ptr<const Graph> body, Index carried) {
  return std::make_shared<Loop>(std::move(body), carried);
}

ops::OperatorPtr make_scan(std::shared_ptr<const Graph> body, ScanAttributes attributes) {
  return std::make_shared<Scan>(std::move(body), std::move(attributes));
}

}  // namespace engine::graph
