#include <engine/session.h>

#include "base/check.h"
#include "base/fp_state.h"
#include "base/text.h"
#include "numerics/contract.h"
#include "session/device.h"
#include "session/session_impl.h"
#include "tuning/shipped.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>

namespace engine {
namespace {

std::string program_key(const std::string& device, const SessionOptions& options) {
  std::vector<std::string> disabled = options.disabled_passes;
  std::ranges::sort(disabled);
  return device + "|" + join(disabled, ",") + "|" + options.program;
}

// Nodes of a plan or a run, and where they are.
class NodesSeen {
 public:
  void add(const graph::Node& node, bool on_host) {
    all_.insert(&node);
    if (!on_host) return;
    on_host_.insert(&node);
    operators_.emplace(node.op->name());
  }
  Placement placement(bool interpreted = true) const {
    return {interpreted,
            std::ssize(all_),
            std::ssize(on_host_),
            {operators_.begin(), operators_.end()}};
  }

 private:
  std::set<const graph::Node*> all_, on_host_;
  std::set<std::string> operators_;
};

Placement placement_of(const graph::Plan& plan) {
  const graph::Graph& graph = plan.program->graph();
  NodesSeen seen;
  for (const graph::Step& step : plan.steps) {
    const std::size_t node = plan.tasks[step.task].node;
    if (node < graph.nodes.size())  // not a copy
      seen.add(graph.nodes[node], step.kernel->is_fallback());
  }
  return seen.placement(false);
}

// "3 of 120 nodes run on the host, opencl has no kernel for: NonZero, TopK", or "".
std::string fallback_remark(const Placement& placement, const std::string& device) {
  if (placement.on_host == 0) return {};
  return concat(placement.on_host, " of ", placement.nodes, " nodes run on the host, ",
                device.substr(0, device.find(':')),
                " has no kernel for: ", join(placement.operators));
}

}  // namespace

Session::Impl::Impl(const Model& m, SessionOptions o) : model(m), options(std::move(o)) {
  ENGINE_REQUIRE(options.threads >= 1 && options.threads <= 1024, ErrorCode::kInvalidArgument,
                 "threads is ", options.threads, " (1 to 1024 is possible)");
  const FpState fp;
  ENGINE_REQUIRE(options.spare.empty() || options.spare != options.device,
                 ErrorCode::kInvalidArgument, "the spare device is ", quote(options.spare),
                 ", the device itself (another is needed, such as cpu)");
  if (!options.spare.empty()) make_backend(options.spare);  // a bad name is known now
  const auto backend = make_backend(options.device, options.program);
  program = model.impl().program(program_key(backend->name(), options), options.disabled_passes,
                                 [&] { return backend; });
  pool = std::make_shared<Pool>(options.threads, options.executor);
  load_tuning();
}

void Session::Impl::load_tuning() {
  if (options.tuning == "off") return;
  const bool named = options.tuning != "auto";
  const ops::Hardware hardware = program->backend().hardware();
  const auto file = named ? std::filesystem::path(options.tuning) : tuning::default_file(hardware);
  const tuning::StoredEntries stored = tuning::load_entries(file, hardware);
  ENGINE_REQUIRE(!named || !stored.missing, ErrorCode::kNotFound, "there is no tuning file ",
                 quote(options.tuning), "; 'engine tune' makes one");
  tuning::Entries entries = stored.entries;
  entries.merge(tuning::shipped_entries(hardware));  // what the file has wins
  choices = tuning::table_of(entries);
  add_remark(stored.remark);
}

void Session::Impl::add_remark(std::string text) {
  if (!text.empty() && std::ranges::find(remarks_, text) == remarks_.end())
    remarks_.push_back(std::move(text));
}

void Session::Impl::add_placement(const Placement& added) {
  placement_.interpreted |= added.interpreted;
  if (placement_.nodes == 0 || added.on_host > placement_.on_host) {
    // Only what is more than before, since interpreted runs differ.
    add_remark(fallback_remark(added, program->backend().name()));
    placement_.nodes = added.nodes;
    placement_.on_host = added.on_host;
  }
  std::vector<std::string> all;
  std::ranges::set_union(placement_.operators, added.operators, std::back_inserter(all));
  placement_.operators = std::move(all);
}

Placement Session::Impl::placement() const {
  const std::lock_guard lock(mutex_);
  return placement_;
}

std::vector<std::string> Session::Impl::remarks() const {
  const std::lock_guard lock(mutex_);
  return remarks_;
}

std::shared_ptr<CachedPlan> Session::Impl::plan_for(std::span<const Shape> shapes) {
  const std::lock_guard lock(mutex_);
  for (auto it = plans_.begin(); it != plans_.end(); ++it) {
    if (!std::ranges::equal((*it)->shapes, shapes)) continue;
    plans_.splice(plans_.begin(), plans_, it);
    return plans_.front();
  }
  auto cached = std::make_shared<CachedPlan>();
  cached->shapes.assign(shapes.begin(), shapes.end());
  if (!program->data_dependent()) {
    cached->plan = graph::make_plan(program, shapes, pool->concurrency(), options.max_bytes,
                                    choices.empty() ? nullptr : &choices);
  }
  if (cached->plan) add_placement(placement_of(*cached->plan));
  plans_.push_front(cached);
  while (plans_.size() > std::max<std::size_t>(1, options.max_plans)) plans_.pop_back();
  return cached;
}

std::unique_ptr<graph::Context> Session::Impl::take_context(CachedPlan& cached,
                                                            const std::vector<Tensor>& inputs) {
  std::unique_ptr<graph::Context> context;
  if (const std::lock_guard lock(mutex_); !cached.contexts.empty()) {
    context = std::move(cached.contexts.back());
    cached.contexts.pop_back();
  }
  if (!context) context = std::make_unique<graph::Context>(cached.plan, *pool);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].bytes()) std::memcpy(context->input(i), inputs[i].data(), inputs[i].bytes());
  return context;
}

Tensors Session::Impl::named(std::vector<Tensor> outputs) const {
  Tensors result;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    result.insert_or_assign(model.outputs()[i].name, std::move(outputs[i]));
  return result;
}

Tensors Session::Impl::give_back(CachedPlan& cached, std::unique_ptr<graph::Context> context,
                                 const Status& status) {
  if (!status.ok())
    fail(graph::code_of(status.fault), cached.plan->label(static_cast<std::size_t>(status.node)),
         ": ", graph::describe({status.fault, status.a, status.b}));
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < cached.plan->outputs.size(); ++i) {
    const graph::Port& port = cached.plan->outputs[i];
    Tensor tensor(port.dtype, port.shape);
    if (tensor.bytes()) std::memcpy(tensor.mutable_data(), context->output(i), tensor.bytes());
    outputs.push_back(std::move(tensor));
  }
  const std::lock_guard lock(mutex_);
  cached.contexts.push_back(std::move(context));
  return named(std::move(outputs));
}

Tensors Session::Impl::run_plan(CachedPlan& cached, std::unique_ptr<graph::Context> context) {
  const Status status = context->run();
  return give_back(cached, std::move(context), status);
}

Tensors Session::Impl::interpret(const std::vector<Tensor>& inputs) {
  graph::Limits limits{options.max_bytes, options.max_trips};
  NodesSeen seen;
  if (program->backend().has_own_memory())
    limits.placed = [&](const graph::Node& node, bool on_host) { seen.add(node, on_host); };
  std::vector<Tensor> outputs = graph::interpret(*program, inputs, *pool, limits);
  {
    const std::lock_guard lock(mutex_);
    add_placement(seen.placement());
  }
  return named(std::move(outputs));
}

Session::Impl& Session::Impl::spare_for(const Error& error) {
  const bool failed =
      error.code() == ErrorCode::kDeviceFailed || error.code() == ErrorCode::kResourceExhausted;
  if (options.spare.empty() || !failed) throw;
  std::call_once(spare_made_, [&] {
    SessionOptions other = options;
    other.device = std::exchange(other.spare, "");
    other.program = "";
    spare_ = std::make_unique<Impl>(model, std::move(other));
    const std::lock_guard lock(mutex_);
    add_remark(concat("what ", program->backend().name(), " fails runs on ",
                      spare_->program->backend().name(), "; first: ", error.what()));
  });
  return *spare_;
}

Tensors Session::Impl::run(const Tensors& inputs) {
  try {
    return run_here(inputs);
  } catch (const Error& error) {
    return spare_for(error).run(inputs);
  }
}

Tensors Session::Impl::run_here(const Tensors& inputs) {
  const FpState fp;
  const std::vector<Tensor> list = ordered(inputs);
  const std::shared_ptr<CachedPlan> cached = plan_for(shapes_of(list));
  if (!cached->plan) return interpret(list);
  return run_plan(*cached, take_context(*cached, list));
}

Session::Session(const Model& model, SessionOptions options)
    : impl_(std::make_shared<Impl>(model, std::move(options))) {}

Tensors Session::run(const Tensors& inputs) const { return impl_->run(inputs); }

void Session::submit(Tensors inputs,
                     std::function<void(Tensors, std::exception_ptr)> on_done) const {
  impl_->submit({std::move(inputs), std::move(on_done)});
}

std::future<Tensors> Session::submit(Tensors inputs) const {
  auto promise = std::make_shared<std::promise<Tensors>>();
  std::future<Tensors> future = promise->get_future();
  submit(std::move(inputs), [promise](Tensors outputs, std::exception_ptr error) {
    if (error) promise->set_exception(error);
    else promise->set_value(std::move(outputs));
  });
  return future;
}

BoundCall Session::bind(const std::map<std::string, Shape, std::less<>>& shapes) const {
  const FpState fp;
  std::vector<Shape> list;
  std::map<std::string, std::pair<Index, std::string>> bound;
  for (const auto& [name, shape] : shapes) {
    bool known = false;
    for (const TensorInfo& info : impl_->model.inputs()) known |= info.name == name;
    ENGINE_REQUIRE(known, ErrorCode::kInvalidArgument, "the model has no input ", quote(name));
  }
  for (const TensorInfo& info : impl_->model.inputs()) {
    const auto it = shapes.find(info.name);
    const auto& defaults = impl_->model.impl().info.defaults;
    const auto standard = defaults.find(info.name);
    ENGINE_REQUIRE(it != shapes.end() || standard != defaults.end(), ErrorCode::kInvalidArgument,
                   "no shape is given for input ", quote(info.name), ", ", to_string(info));
    const Shape& shape = it != shapes.end() ? it->second : standard->second.shape();
    element_count(shape);
    check_input(info, info.dtype, shape, bound);
    list.push_back(shape);
  }
  const auto cached = impl_->plan_for(list);
  ENGINE_REQUIRE(cached->plan, ErrorCode::kUnsupported,
                 "the model cannot be bound (the shape of a ",
                 "value inside it depends on the values of the inputs); use Session::run");
  auto call = std::make_unique<BoundCall::Impl>(impl_, cached->plan);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto& defaults = impl_->model.impl().info.defaults;
    const auto standard = defaults.find(impl_->model.inputs()[i].name);
    std::byte* memory = call->context.input(i);
    const graph::Port& port = cached->plan->inputs[i];
    const std::size_t bytes =
        static_cast<std::size_t>(element_count(port.shape)) * size_of(port.dtype);
    if (standard != defaults.end() && standard->second.shape() == port.shape)
      std::memcpy(memory, standard->second.data(), bytes);
    else std::memset(memory, 0, bytes);
  }
  return BoundCall(std::move(call));
}

Guarantees Session::guarantees() const {
  Guarantees result;
  result.contract_version = numerics::kContractVersion;
  std::string other_bits = impl_->program->backend().other_bits();
  result.batch_invariant = result.thread_invariant = true;
  result.device_invariant = other_bits.empty();
  if (!other_bits.empty()) result.exceptions.push_back(std::move(other_bits));
  return result;
}

const Model& Session::model() const noexcept { return impl_->model; }
const SessionOptions& Session::options() const noexcept { return impl_->options; }
std::vector<std::string> Session::remarks() const { return impl_->remarks(); }
Placement Session::placement() const { return impl_->placement(); }
std::string Session::device() const { return impl_->program->backend().name(); }

}  // namespace engine
