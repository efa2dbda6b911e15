#include "serve/core/batch_axis.h"

#include "serve/core/call_memory.h"

#include <algorithm>
#include <cstring>

namespace engine::serve {
namespace {

bool may_have_axis(const TensorInfo& info, const std::string& batch) {
  if (info.shape.empty() || !info.shape[0].free()) return false;
  return batch.empty() || std::none_of(info.shape.begin() + 1, info.shape.end(),
                                       [&](const Dimension& d) { return d.name == batch; });
}

bool declared(const Model& model) {
  if (model.inputs().empty() || model.inputs().front().shape.empty()) return false;
  const std::string& batch = model.inputs().front().shape[0].name;
  const auto input = [&](const TensorInfo& info) {
    return info.ranked && !info.optional && info.dtype != DType::kString &&
           may_have_axis(info, batch) && info.shape[0].name == batch;
  };
  const auto output = [&](const TensorInfo& info) {
    return info.dtype != DType::kString && (!info.ranked || may_have_axis(info, batch));
  };
  return std::ranges::all_of(model.inputs(), input) && std::ranges::all_of(model.outputs(), output);
}

// A value that is legal for most operators, indices among them, and differs between the samples.
template <class T>
void fill(std::span<T> values, int sample) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>)
      values[i] = static_cast<T>(static_cast<int>(i * (sample ? 5 : 3) % 11) - 5 + sample) / 8;
    else values[i] = T(sample);
  }
}

void fill(BoundCall& call, const TensorInfo& info, std::size_t row, int sample) {
  const std::span<std::byte> all = input_bytes(call, info.name, info.dtype);
  const auto rows = static_cast<std::size_t>(call.input_shape(info.name)[0]);
  const std::span<std::byte> bytes = all.subspan(row * (all.size() / rows), all.size() / rows);
  const auto as = [&]<class T>(T) {
    fill(std::span<T>(reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)), sample);
  };
  switch (info.dtype) {
    case DType::kFloat32: return as(float{});
    case DType::kFloat64: return as(double{});
    case DType::kFloat16: return as(Float16{});
    case DType::kBFloat16: return as(BFloat16{});
    case DType::kInt16:
    case DType::kUInt16: return as(std::uint16_t{});
    case DType::kInt32:
    case DType::kUInt32: return as(std::uint32_t{});
    case DType::kInt64:
    case DType::kUInt64: return as(std::uint64_t{});
    default: return as(std::uint8_t{});
  }
}

using Inputs = std::vector<TensorInfo>;

BoundCall bind(const Session& session, const Inputs& inputs, Index rows, Index extent) {
  std::map<std::string, Shape, std::less<>> shapes;
  for (const TensorInfo& info : inputs) {
    Shape& shape = shapes[info.name];
    for (const Dimension& d : info.shape) shape.push_back(d.free() ? extent : d.size);
    shape[0] = rows;
  }
  return session.bind(shapes);
}

// Runs the samples from `first` on as the rows of one call; the outputs one behind the other.
std::vector<std::vector<std::byte>> run(const Session& session, const Inputs& inputs, Index rows,
                                        Index extent, int first) {
  BoundCall call = bind(session, inputs, rows, extent);
  for (const TensorInfo& info : inputs)
    for (Index row = 0; row < rows; ++row)
      fill(call, info, static_cast<std::size_t>(row), first + static_cast<int>(row));
  if (const Status status = call.run(); !status.ok())
    throw Error(ErrorCode::kRunFailed, call.message(status));
  std::vector<std::vector<std::byte>> outputs;
  for (const TensorInfo& info : session.model().outputs()) {
    const Shape shape = call.output_shape(info.name);
    if (shape.empty() || shape[0] != rows)
      throw Error(ErrorCode::kUnsupported, "an output has other rows than the inputs");
    const auto bytes = output_bytes(call, info.name, info.dtype);
    outputs.emplace_back(bytes.begin(), bytes.end());
  }
  return outputs;
}

bool rows_are_independent(const Session& session, const Inputs& inputs, Index extent) {
  const auto both = run(session, inputs, 2, extent, 0);
  for (int sample = 0; sample < 2; ++sample) {
    const auto alone = run(session, inputs, 1, extent, sample);
    for (std::size_t i = 0; i < both.size(); ++i) {
      const std::size_t bytes = alone[i].size();
      const std::byte* row = both[i].data() + static_cast<std::size_t>(sample) * bytes;
      if (both[i].size() != 2 * bytes || (bytes && std::memcmp(row, alone[i].data(), bytes) != 0))
        return false;
    }
  }
  return true;
}

}  // namespace

bool has_batch_axis(const Session& session) {
  return has_batch_axis(session, session.model().inputs());
}

bool has_batch_axis(const Session& session, const std::vector<TensorInfo>& inputs) {
  if (!declared(session.model())) return false;
  for (const Index extent : {1, 16, 64})  // of free dimensions other than the batch
    try {
      return rows_are_independent(session, inputs, extent);
    } catch (const Error&) {  // not a shape that the model can have
    }
  return false;
}

}  // namespace engine::serve
