#include "graph/executor/context.h"

#include "base/check.h"

namespace engine::graph {

namespace {

Status status_of(const ops::Fault& fault, std::size_t step) noexcept {
  return {fault.kind, static_cast<std::int32_t>(step), fault.a, fault.b};
}

}  // namespace

Context::Context(std::shared_ptr<const Plan> plan, Pool& pool) : plan_(std::move(plan)) {
  const std::size_t bytes = plan_->arena_bytes;
  arena_ = aligned_bytes(bytes);
  ENGINE_REQUIRE(arena_, ErrorCode::kResourceExhausted, "no memory for a run (", bytes,
                 " bytes are needed); use a smaller batch");
  std::size_t ins = 0, outs = 0;
  for (const Step& step : plan_->steps) {
    ins += step.in.size();
    outs += step.out.size();
  }
  in_.reserve(ins);
  out_.reserve(outs);
  steps_.reserve(plan_->steps.size());
  for (const Step& step : plan_->steps) {
    steps_.push_back(
        {step.kernel.get(),
         {in_.data() + in_.size(), out_.data() + out_.size(), arena_.get() + step.scratch, pool}});
    for (const Place& place : step.in) in_.push_back(resolve(place));
    for (const Place& place : step.out) out_.push_back(resolve(place));
  }
}

void* Context::resolve(const Place& place) const noexcept {
  switch (place.kind) {
    case Place::Kind::kArena: return arena_.get() + place.offset;
    case Place::Kind::kConstant: return const_cast<void*>(place.constant);
    default: return nullptr;
  }
}

Status Context::run() noexcept {
  const Bound* const end = steps_.data() + steps_.size();
  for (const Bound* step = steps_.data(); step != end; ++step)
    if (const ops::Fault fault = step->kernel->run(step->call); !fault.ok()) [[unlikely]]
      return status_of(fault, static_cast<std::size_t>(step - steps_.data()));
  return {};
}

void Context::begin(Profile& profile) const {
  const Graph& graph = plan_->program->graph();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = plan_->steps[i];
    NodeProfile node;
    node.kernel = step.kernel->name();
    node.flops = step.flops;
    node.bytes = step.bytes;
    if (step.node == Step::kCopy) {
      node.op = node.name = "copy";
    } else if (step.node == Step::kReorder) {
      node.op = node.name = "reorder";
    } else {
      const Node& source = graph.nodes[step.node];
      node.op = source.op->name();
      const std::string details = source.op->describe();
      if (const auto plus = details.find('+'); plus != std::string::npos)
        node.op += details.substr(plus);
      node.name = source.name;
      for (const ValueId id : source.outputs)
        if (node.name.empty() && id != kNoValue) node.name = graph.value(id).name;
    }
    profile.nodes.push_back(std::move(node));
  }
}

Status Context::run(Profile& profile) {
  using Clock = std::chrono::steady_clock;
  if (profile.nodes.empty()) begin(profile);
  ENGINE_REQUIRE(profile.nodes.size() == steps_.size(), ErrorCode::kInvalidArgument,
                 "the profile is of another plan (it has ", profile.nodes.size(),
                 " nodes, the plan ", steps_.size(), "); use a new Profile");
  static const Clock::time_point epoch = Clock::now();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto start = Clock::now();
    const ops::Fault fault = steps_[i].kernel->run(steps_[i].call);
    const auto end = Clock::now();
    NodeProfile& node = profile.nodes[i];
    node.start_ns.push_back(std::chrono::nanoseconds(start - epoch).count());
    node.duration_ns.push_back(std::chrono::nanoseconds(end - start).count());
    if (!fault.ok()) return status_of(fault, i);
  }
  return {};
}

}  // namespace engine::graph
