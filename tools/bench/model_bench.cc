#include "tools/bench/model_bench.h"

#include "base/cpu_features.h"
#include "tools/text/print.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

namespace engine::tools {
namespace {

// Extent of the first free dimension that comes first in its input.
Index batch_of(const Model& model, const Tensors& inputs) {
  for (const TensorInfo& info : model.inputs()) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end() || info.shape.empty() || !info.shape[0].free()) continue;
    if (found->second.rank() > 0) return found->second.shape()[0];
  }
  return 1;
}

void fill(BoundCall& call, const TensorInfo& info, const Tensor& tensor) {
  if (tensor.bytes() == 0) return;
  const auto copy = [&]<class T>(T) {
    std::memcpy(call.input<T>(info.name).data(), tensor.data(), tensor.bytes());
  };
  switch (info.dtype) {
    case DType::kFloat32: return copy(float{});
    case DType::kFloat64: return copy(double{});
    case DType::kFloat16: return copy(Float16{});
    case DType::kBFloat16: return copy(BFloat16{});
    case DType::kInt4: return copy(Int4{});
    case DType::kUInt4: return copy(UInt4{});
    case DType::kInt8: return copy(std::int8_t{});
    case DType::kUInt8: return copy(std::uint8_t{});
    case DType::kInt16: return copy(std::int16_t{});
    case DType::kUInt16: return copy(std::uint16_t{});
    case DType::kInt32: return copy(std::int32_t{});
    case DType::kUInt32: return copy(std::uint32_t{});
    case DType::kInt64: return copy(std::int64_t{});
    case DType::kUInt64: return copy(std::uint64_t{});
    case DType::kBool: return copy(bool{});
    case DType::kString: throw Error(ErrorCode::kUnsupported, "inputs of text cannot be bound");
  }
}

// The model bound to the inputs' shapes, or nothing if its shapes depend on values.
std::optional<BoundCall> try_bind(const Session& session, const Tensors& inputs) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
  try {
    BoundCall call = session.bind(shapes);
    for (const TensorInfo& info : session.model().inputs())
      if (const auto found = inputs.find(info.name); found != inputs.end())
        fill(call, info, found->second);
    return call;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResourceExhausted) throw;
    remark(std::string("not bound to fixed shapes, timed as whole runs: ") + error.what());
    return std::nullopt;
  }
}

void require_ok(const BoundCall& call, const Status& status) {
  if (!status) throw Error(ErrorCode::kRunFailed, call.message(status));
}

Profile profile_runs(BoundCall& call, double median_ns) {
  constexpr double kBudget = 0.5e9;  // ns
  const auto runs = static_cast<Index>(std::clamp(kBudget / std::max(1.0, median_ns), 3.0, 50.0));
  Profile warm, profile;
  require_ok(call, call.run(warm));
  for (Index i = 0; i < runs; ++i) require_ok(call, call.run(profile));
  return profile;
}

}  // namespace

ModelTiming measure_model(const Session& session, const Tensors& inputs, int threads,
                          double seconds) {
  ModelTiming result;
  result.threads = threads;
  result.device = session.device();
  result.batch = batch_of(session.model(), inputs);
  std::optional<BoundCall> call = try_bind(session, inputs);
  const auto bound = [&](Index runs) {
    for (Index i = 0; i < runs; ++i)
      if (const Status status = call->run(); !status) require_ok(*call, status);
  };
  const auto whole = [&](Index runs) {
    for (Index i = 0; i < runs; ++i) session.run(inputs);
  };
  result.timing = call ? measure(bound, seconds) : measure(whole, seconds);
  if (call) result.profile = profile_runs(*call, result.timing.median_ns);
  result.peak = tuning::measure_peak(isa_of(result.device), threads);
  result.cost = cost_of(result.profile, result.peak);
  result.roofline_share = result.cost.least_ns / result.timing.median_ns;
  result.advice =
      advice({result.timing, result.cost, threads, cpu_info().cores, result.batch, result.device});
  return result;
}

Isa isa_of(const std::string& device) {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kNeon})
    if (device == std::string("cpu:") + to_string(isa)) return isa;
  return Isa::kScalar;
}

}  // namespace engine::tools
