#include "graph/executor/context.h"

#include "base/check.h"

namespace engine::graph {

namespace {

Status status_of(const ops::Fault& fault, std::ptrdiff_t step) noexcept {
  if (fault.ok()) return {};
  return {fault.kind, static_cast<std::int32_t>(step), fault.a, fault.b};
}

}  // namespace

Context::Context(std::shared_ptr<const Plan> plan, Pool& pool) : Context(plan, pool, nullptr) {}

Context::Context(std::shared_ptr<const Plan> plan, Pool& pool, std::byte* arena)
    : plan_(std::move(plan)), arena_(arena) {
  if (!arena_ && (device_ = record(pool))) return;
  if (!arena_) take_arena();
  bind_steps(pool);
}

void Context::take_arena() {
  const std::size_t bytes = plan_->arena_bytes;
  own_ = aligned_bytes(bytes);
  arena_ = own_.get();
  ENGINE_REQUIRE(arena_, ErrorCode::kResourceExhausted, "no memory for a run (", bytes,
                 " bytes are needed); use a smaller batch");
}

void Context::bind_steps(Pool& pool) {
  std::size_t ins = 0, outs = 0;
  for (const Step& step : plan_->steps) {
    ins += step.in.size();
    outs += step.out.size();
  }
  in_.reserve(ins);
  out_.reserve(outs);
  steps_.reserve(plan_->steps.size());
  for (const Step& step : plan_->steps) {
    steps_.push_back({step.kernel.get(),
                      {in_.data() + in_.size(), out_.data() + out_.size(), arena_ + step.scratch,
                       pool, &earlier_runs_}});
    for (const Place& place : step.in) in_.push_back(resolve(place));
    for (const Place& place : step.out) out_.push_back(resolve(place));
  }
}

std::unique_ptr<ops::DeviceRun> Context::record(Pool& pool) const {
  ops::Recording recording;
  for (const Step& step : plan_->steps)
    recording.steps.push_back({step.kernel.get(), step.in, step.out, step.scratch});
  const auto ports = [](const std::vector<Port>& list) {
    std::vector<ops::Recording::Port> result;
    for (const Port& port : list)
      result.push_back({port.place, static_cast<std::size_t>(byte_count(port.dtype, port.shape))});
    return result;
  };
  recording.inputs = ports(plan_->inputs);
  recording.outputs = ports(plan_->outputs);
  recording.arena_bytes = plan_->arena_bytes;
  return plan_->program->backend().record(recording, pool);
}

void* Context::resolve(const Place& place) const noexcept {
  switch (place.kind) {
    case Place::Kind::kArena: return arena_ + place.offset;
    case Place::Kind::kConstant: return const_cast<void*>(place.constant);
    default: return nullptr;
  }
}

Status Context::run() noexcept {
  if (device_) [[unlikely]] {
    std::ptrdiff_t step = -1;
    const ops::Fault fault = device_->run(step);
    return status_of(fault, step);
  }
  const Bound* const end = steps_.data() + steps_.size();
  for (const Bound* step = steps_.data(); step != end; ++step)
    if (const ops::Fault fault = step->kernel->run(step->call); !fault.ok()) [[unlikely]]
      return status_of(fault, step - steps_.data());
  ++earlier_runs_;
  return {};
}

void Context::start(std::function<void(const Status&)> done) noexcept {
  device_->start([done = std::move(done)](const ops::Fault& fault, std::ptrdiff_t step) {
    done(status_of(fault, step));
  });
}

void Context::begin(Profile& profile) const {
  const Graph& graph = plan_->program->graph();
  for (const Task& task : plan_->tasks) {
    NodeProfile node;
    node.kernel = task.kernel;
    node.flops = task.flops;
    node.bytes = task.bytes;
    if (task.node == Task::kCopy) {
      node.op = node.name = "copy";
    } else if (task.node == Task::kReorder) {
      node.op = node.name = "reorder";
    } else {
      const Node& source = graph.nodes[task.node];
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

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t now() {
  static const Clock::time_point epoch = Clock::now();
  return std::chrono::nanoseconds(Clock::now() - epoch).count();
}

}  // namespace

// Nanoseconds by step.
Status Context::run_steps(std::span<std::int64_t> spent) {
  if (device_) {
    std::ptrdiff_t step = -1;
    const ops::Fault fault = device_->run(step, spent);
    return status_of(fault, step);
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::int64_t start = now();
    const ops::Fault fault = steps_[i].kernel->run(steps_[i].call);
    spent[i] = now() - start;
    if (!fault.ok()) return status_of(fault, static_cast<std::ptrdiff_t>(i));
  }
  ++earlier_runs_;
  return {};
}

Status Context::run(Profile& profile) {
  if (profile.nodes.empty()) begin(profile);
  ENGINE_REQUIRE(profile.nodes.size() == plan_->tasks.size(), ErrorCode::kInvalidArgument,
                 "the profile is of another plan (it has ", profile.nodes.size(),
                 " nodes, the plan ", plan_->tasks.size(), "); use a new Profile");
  std::int64_t start = now();
  std::vector<std::int64_t> by_step(plan_->steps.size()), by_task(plan_->tasks.size());
  const Status status = run_steps(by_step);
  for (std::size_t i = 0; i < by_step.size(); ++i) by_task[plan_->steps[i].task] += by_step[i];
  for (std::size_t t = 0; t < by_task.size(); ++t) {
    profile.nodes[t].start_ns.push_back(start);
    profile.nodes[t].duration_ns.push_back(by_task[t]);
    start += by_task[t];
  }
  return status;
}

}  // namespace engine::graph
