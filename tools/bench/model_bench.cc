#include "tools/bench/model_bench.h"

#include "base/aligned.h"
#include "base/cpu_features.h"
#include "tools/options.h"
#include "tools/text/print.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>

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

// Nothing if the model's shapes depend on values.
std::optional<BoundCall> try_bind(const Session& session, const Tensors& inputs) {
  try {
    return bind_filled(session, inputs);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResourceExhausted) throw;
    remark(std::string("not bound to fixed shapes, timed as whole runs: ") + error.what());
    return std::nullopt;
  }
}

void require_ok(const BoundCall& call, const Status& status) {
  if (!status) throw Error(ErrorCode::kRunFailed, call.message(status));
}

// Groups of runs, each in another placement; the first of a group does not count.
Profile profile_runs(const std::function<BoundCall&()>& bind_anew, double median_ns) {
  constexpr double kBudget = 0.5e9;  // ns
  constexpr Index kGroups = 10;
  const auto runs = static_cast<Index>(std::clamp(kBudget / std::max(1.0, median_ns), 3.0, 50.0));
  Profile profile;
  for (Index group = 0; group < kGroups; ++group) {
    const Index count = runs * (group + 1) / kGroups - runs * group / kGroups;
    if (count == 0) continue;
    BoundCall& call = bind_anew();
    Profile warm;
    require_ok(call, call.run(warm));
    for (Index i = 0; i < count; ++i) require_ok(call, call.run(profile));
  }
  return profile;
}

// Bindings of a model, one at a time, each with its memory and its weights at another place: where
// they lie moves times by percents, and would else be drawn once for a whole run.
class Bindings {
 public:
  Bindings(const Model& model, const SessionOptions& options, const Tensors& inputs)
      : model_(model), options_(options), inputs_(inputs) {
    make_session();
    call_ = try_bind(*session_, inputs_);
  }

  explicit operator bool() const noexcept { return call_.has_value(); }
  BoundCall& operator*() { return *call_; }
  const Session& session() const { return *session_; }

  /// Packing the weights anew takes as long as making a session: left out if that is long, unless
  /// `weights_too`.
  BoundCall& bind_anew(bool weights_too) {
    constexpr double kLong = 0.1;  // seconds
    constexpr std::size_t kLine = 64, kPage = 4096;
    call_.reset();
    gap_ = aligned_bytes(kLine * (1 + bits_() % (4 * kPage / kLine)));
    if (weights_too || seconds_ < kLong) make_session();
    call_ = try_bind(*session_, inputs_);
    print_remarks(*session_);
    return *call_;
  }

 private:
  void make_session() {
    using Clock = std::chrono::steady_clock;
    session_.reset();  // else both would share the weights
    const Clock::time_point start = Clock::now();
    session_.emplace(model_, options_);
    seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
  }

  const Model& model_;
  const SessionOptions& options_;
  const Tensors& inputs_;
  std::optional<Session> session_;
  std::optional<BoundCall> call_;
  double seconds_ = 0;
  AlignedBytes gap_{};
  std::mt19937_64 bits_{std::random_device{}()};
};

}  // namespace

BoundCall bind_filled(const Session& session, const Tensors& inputs) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape();
  BoundCall call = session.bind(shapes);
  for (const TensorInfo& info : session.model().inputs())
    if (const auto found = inputs.find(info.name); found != inputs.end())
      fill(call, info, found->second);
  return call;
}

ModelTiming measure_model(const Model& model, const SessionOptions& options, const Tensors& inputs,
                          double seconds) {
  const int threads = options.threads;
  Bindings call(model, options, inputs);
  ModelTiming result;
  result.threads = threads;
  result.device = call.session().device();
  result.batch = batch_of(model, inputs);
  const auto bound = [&](Index runs) {
    for (Index i = 0; i < runs; ++i)
      if (const Status status = (*call).run(); !status) require_ok(*call, status);
  };
  const auto whole = [&](Index runs) {
    for (Index i = 0; i < runs; ++i) call.session().run(inputs);
  };
  result.timing =
      call ? measure(bound, seconds, [&] { call.bind_anew(false); }) : measure(whole, seconds);
  if (call)
    result.profile =
        profile_runs([&]() -> BoundCall& { return call.bind_anew(true); }, result.timing.median_ns);
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
