#include "engine_peer.h"

#include <engine/engine.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

namespace peers {
namespace {

engine::DType dtype_named(const std::string& type) {
  using enum engine::DType;
  static const std::map<std::string, engine::DType> types = {
      {"float32", kFloat32}, {"float64", kFloat64}, {"int32", kInt32}, {"int64", kInt64}};
  const auto found = types.find(type);
  if (found == types.end()) throw std::runtime_error("inputs of type " + type + " are not given");
  return found->second;
}

engine::Tensors tensors_of(const Job& job) {
  engine::Tensors tensors;
  for (const Input& input : job.inputs) {
    engine::Tensor tensor(dtype_named(input.type), {input.shape.begin(), input.shape.end()});
    if (tensor.bytes() != input.bytes.size())
      throw std::runtime_error("an input is not of its shape");
    std::memcpy(tensor.mutable_data(), input.bytes.data(), input.bytes.size());
    tensors.emplace(input.name, std::move(tensor));
  }
  return tensors;
}

// The session, the inputs, and a bound call if there can be one.
struct State {
  explicit State(const Job& job)
      : model(engine::Model::load(job.model)),
        session(model, {.device = "cpu", .threads = job.threads}),
        inputs(tensors_of(job)) {
    std::map<std::string, engine::Shape, std::less<>> shapes;
    for (const auto& [name, tensor] : inputs) shapes.emplace(name, tensor.shape());
    try {
      call.emplace(session.bind(shapes));
    } catch (const engine::Error&) {
      return;  // shapes depend on data: whole runs are timed
    }
    for (const auto& [name, tensor] : inputs) fill(name, tensor);
  }

  void fill(const std::string& name, const engine::Tensor& tensor) {
    const auto copy = [&]<class T>(T) {
      std::ranges::copy(tensor.values<T>(), call->input<T>(name).begin());
    };
    switch (tensor.dtype()) {
      case engine::DType::kFloat32: return copy(float{});
      case engine::DType::kFloat64: return copy(double{});
      case engine::DType::kInt32: return copy(std::int32_t{});
      default: return copy(std::int64_t{});
    }
  }

  engine::Model model;
  engine::Session session;
  engine::Tensors inputs;
  std::optional<engine::BoundCall> call;
};

void write_outputs(const Job& job, const State& state) {
  const engine::Tensors outputs = state.session.run(state.inputs);
  for (const Output& output : job.outputs) {
    const engine::Tensor& tensor = outputs.at(output.name);
    write_bytes(output.file, tensor.data(), tensor.bytes());
  }
}

std::vector<Part> parts_of(State& state) {
  engine::Profile profile;
  if (!state.call || !state.call->run(profile)) throw std::runtime_error("it does not time layers");
  std::vector<Part> parts;
  for (const engine::NodeProfile& node : profile.nodes)
    parts.push_back({node.name, static_cast<double>(node.duration_ns.back())});
  return parts;
}

}  // namespace

Implementation make_engine(const Job& job) {
  const auto state = std::make_shared<State>(job);
  Implementation engine{
      "engine", std::string(engine::version()), {}, [job, state] { write_outputs(job, *state); }};
  if (state->call)
    engine.repeat = [state](long count) {
      for (long i = 0; i < count; ++i)
        if (!state->call->run()) throw std::runtime_error("a run failed");
    };
  else engine.repeat = loop([state] { state->session.run(state->inputs); });
  engine.parts = [state] { return parts_of(*state); };
  return engine;
}

}  // namespace peers
