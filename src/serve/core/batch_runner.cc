#include "serve/core/batch_runner.h"

#include "serve/core/call_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <exception>
#include <utility>

namespace engine::serve {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Index kMostRows = 64;         // of a piece
constexpr std::size_t kMostBound = 16;  // calls that are kept

// Rows [first, first + rows) of the batch that belong to one request.
struct Part {
  std::size_t request;
  Index offset;  // in the request
  Index rows;
};

// The parts of a piece, in order.
std::vector<Part> parts_of(std::span<const PendingPtr> batch, Index first, Index rows) {
  std::vector<Part> parts;
  Index start = 0;
  for (std::size_t i = 0; i < batch.size() && start < first + rows; ++i) {
    const Index end = start + batch[i]->rows;
    const Index from = std::max(start, first), to = std::min(end, first + rows);
    if (from < to) parts.push_back({i, from - start, to - from});
    start = end;
  }
  return parts;
}

bool wanted(const Request& request, const std::string& output) {
  return request.outputs.empty() ||
         std::ranges::find(request.outputs, output) != request.outputs.end();
}

void copy_inputs(const Model& model, std::span<const PendingPtr> batch,
                 const std::vector<Part>& parts, BoundCall& call, Index rows) {
  for (const TensorInfo& info : model.inputs()) {
    const std::span<std::byte> memory = input_bytes(call, info.name, info.dtype);
    const std::size_t row = memory.size() / static_cast<std::size_t>(rows);
    if (row == 0) continue;
    std::byte* to = memory.data();
    for (const Part& part : parts) {
      const Tensor& tensor = batch[part.request]->request.inputs.find(info.name)->second;
      const auto* from = static_cast<const std::byte*>(tensor.data());
      const std::size_t bytes = static_cast<std::size_t>(part.rows) * row;
      std::memcpy(to, from + static_cast<std::size_t>(part.offset) * row, bytes);
      to += bytes;
    }
  }
}

void copy_outputs(const Model& model, std::span<const PendingPtr> batch,
                  const std::vector<Part>& parts, const BoundCall& call, Index rows,
                  std::span<Response> responses) {
  for (const TensorInfo& info : model.outputs()) {
    const std::span<const std::byte> memory = output_bytes(call, info.name, info.dtype);
    const std::size_t row = memory.size() / static_cast<std::size_t>(rows);
    Shape shape = call.output_shape(info.name);
    if (shape.empty() || shape[0] != rows)
      throw Error(ErrorCode::kUnsupported, "output '" + info.name + "' is " + to_string(shape) +
                                               " for " + std::to_string(rows) +
                                               " rows (the model has no batch axis)");
    const std::byte* from = memory.data();
    for (const Part& part : parts) {
      const std::size_t bytes = static_cast<std::size_t>(part.rows) * row;
      if (wanted(batch[part.request]->request, info.name)) {
        Tensor& tensor = responses[part.request].outputs[info.name];
        shape[0] = batch[part.request]->rows;
        if (!tensor.defined()) tensor = Tensor(info.dtype, shape);
        if (bytes != 0)
          std::memcpy(static_cast<std::byte*>(tensor.mutable_data()) +
                          static_cast<std::size_t>(part.offset) * row,
                      from, bytes);
      }
      from += bytes;
    }
  }
}

Code code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kRunFailed: return Code::kInvalidArgument;
    case ErrorCode::kUnsupported: return Code::kUnsupported;
    case ErrorCode::kResourceExhausted: return Code::kResourceExhausted;
    default: return Code::kInternal;
  }
}

ErrorCode code_of(Status::Fault fault) {
  switch (fault) {
    case Status::Fault::kResourceExhausted: return ErrorCode::kResourceExhausted;
    case Status::Fault::kDevice: return ErrorCode::kDeviceFailed;
    case Status::Fault::kNone:
    case Status::Fault::kInternal: return ErrorCode::kInternal;
    default: return ErrorCode::kRunFailed;
  }
}

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {code_of(error.code()), error.what()};
  } catch (const std::bad_alloc&) {
    return {Code::kResourceExhausted, "out of memory"};
  } catch (const std::exception& error) {
    return {Code::kInternal, error.what()};
  }
}

// Adds the time since the last call, or since it was made, to a sum.
class Stopwatch {
 public:
  void add_to(std::chrono::nanoseconds& sum) {
    const auto now = SteadyClock::now();
    sum += now - std::exchange(last_, now);
  }

 private:
  SteadyClock::time_point last_ = SteadyClock::now();
};

}  // namespace

std::vector<Response> BatchRunner::run(std::span<const PendingPtr> batch,
                                       RunTimes& times) noexcept {
  std::vector<Response> responses(batch.size());
  Index rows = 0;
  for (const PendingPtr& pending : batch) rows += pending->rows;
  try {
    if (batched_) run_pieces(batch, responses, times);
    else run_whole(*batch.front(), responses.front(), times);
  } catch (...) {
    if (batch.size() == 1) {
      responses.front() = {{}, current_failure(), rows};
    } else {
      for (std::size_t i = 0; i < batch.size(); ++i)
        responses[i] = std::move(run(batch.subspan(i, 1), times).front());
      return responses;
    }
  }
  for (Response& response : responses) response.batch_rows = rows;
  return responses;
}

void BatchRunner::run_whole(const Pending& pending, Response& response, RunTimes& times) {
  Stopwatch watch;
  Tensors outputs = session_.run(pending.request.inputs);
  std::erase_if(outputs, [&](const auto& entry) { return !wanted(pending.request, entry.first); });
  response.outputs = std::move(outputs);
  watch.add_to(times.infer);
}

void BatchRunner::run_pieces(std::span<const PendingPtr> batch, std::span<Response> responses,
                             RunTimes& times) {
  Index all = 0;
  for (const PendingPtr& pending : batch) all += pending->rows;
  Stopwatch watch;
  for (Index first = 0, rows = 0; first < all; first += rows) {
    rows = std::min<Index>(
        kMostRows, static_cast<Index>(std::bit_floor(static_cast<std::size_t>(all - first))));
    const std::vector<Part> parts = parts_of(batch, first, rows);
    BoundCall& call = bound(*batch.front(), rows);
    copy_inputs(session_.model(), batch, parts, call, rows);
    watch.add_to(times.input);
    const Status status = call.run();
    if (!status.ok()) throw Error(code_of(status.fault), call.message(status));
    watch.add_to(times.infer);
    copy_outputs(session_.model(), batch, parts, call, rows, responses);
    watch.add_to(times.output);
  }
}

BoundCall& BatchRunner::bound(const Pending& like, Index rows) {
  const auto known = std::ranges::find_if(
      bound_, [&](const Bound& b) { return b.rows == rows && b.shapes == like.shapes; });
  if (known != bound_.end()) {
    bound_.splice(bound_.begin(), bound_, known);
    return bound_.front().call;
  }
  if (bound_.size() >= kMostBound) bound_.pop_back();
  std::map<std::string, Shape, std::less<>> shapes;
  for (const auto& [name, tensor] : like.request.inputs) {
    Shape& shape = shapes[name] = tensor.shape();
    shape[0] = rows;
  }
  bound_.push_front({like.shapes, rows, session_.bind(shapes)});
  return bound_.front().call;
}

}  // namespace engine::serve
