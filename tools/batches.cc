#include "tools/batches.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/text/progress.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace engine::tools {
namespace {

bool is_sliced(const TensorInfo& info, const Tensor& tensor) {
  return tensor.rank() > 0 && (!info.ranked || (!info.shape.empty() && info.shape[0].free()));
}

// Names of the inputs to slice, and their common length.
struct Plan {
  std::vector<std::string> sliced;
  Index length = 0;
};

Plan plan_slices(const Model& model, const Tensors& inputs) {
  Plan plan;
  for (const TensorInfo& info : model.inputs()) {
    const auto found = inputs.find(info.name);
    if (found == inputs.end() || !is_sliced(info, found->second)) continue;
    const Index length = found->second.shape()[0];
    if (plan.sliced.empty()) plan.length = length;
    ENGINE_REQUIRE(length == plan.length, ErrorCode::kInvalidArgument,
                   "--batch cannot slice the inputs: ", quote(plan.sliced[0]), " has ", plan.length,
                   " rows, ", quote(info.name), " has ", length);
    plan.sliced.push_back(info.name);
  }
  ENGINE_REQUIRE(!plan.sliced.empty(), ErrorCode::kInvalidArgument,
                 "--batch needs an input whose first dimension is free; this model has none");
  return plan;
}

// The output of all slices one after another; the first piece decides type and inner shape.
class Joined {
 public:
  void add(const std::string& name, const Tensor& piece, Index first, Index count, Index length) {
    const bool follows =
        piece.rank() > 0 && piece.shape()[0] == count && (!whole_.defined() || same_inner(piece));
    ENGINE_REQUIRE(follows, ErrorCode::kInvalidArgument, "output ", quote(name), " is ",
                   to_string(piece.shape()), " for a slice of ", count,
                   " rows, so slices cannot be joined; run without --batch");
    if (!whole_.defined()) {
      Shape shape = piece.shape();
      shape[0] = length;
      whole_ = Tensor(piece.dtype(), shape);
    }
    copy(piece, first);
  }
  Tensor take() { return std::move(whole_); }

 private:
  bool same_inner(const Tensor& piece) const {
    return piece.rank() == whole_.rank() &&
           std::equal(piece.shape().begin() + 1, piece.shape().end(), whole_.shape().begin() + 1);
  }
  void copy(const Tensor& piece, Index first) {
    const Index row = piece.shape()[0] > 0 ? piece.size() / piece.shape()[0] : 0;
    if (piece.dtype() == DType::kString) {
      auto* to = static_cast<std::string*>(whole_.mutable_data()) + first * row;
      std::ranges::copy(piece.strings(), to);
    } else if (piece.size() > 0) {
      auto* to = static_cast<std::byte*>(whole_.mutable_data());
      std::memcpy(to + static_cast<std::size_t>(first * row) * size_of(piece.dtype()), piece.data(),
                  piece.bytes());
    }
  }
  Tensor whole_;
};

}  // namespace

Tensor slice(const Tensor& tensor, Index first, Index count) {
  Shape shape = tensor.shape();
  const Index row = shape[0] > 0 ? tensor.size() / shape[0] : 0;
  shape[0] = count;
  const auto offset = static_cast<std::size_t>(first * row) * size_of(tensor.dtype());
  const auto owner = std::make_shared<Tensor>(tensor);
  return Tensor::wrap(tensor.dtype(), std::move(shape),
                      static_cast<const std::byte*>(tensor.data()) + offset, owner);
}

Tensors run_in_batches(const Session& session, const Tensors& inputs, Index batch) {
  if (batch <= 0) return session.run(inputs);
  const Plan plan = plan_slices(session.model(), inputs);
  if (plan.length <= batch) return session.run(inputs);
  Progress progress("running", static_cast<std::size_t>(plan.length));
  std::map<std::string, Joined> joined;
  for (Index first = 0; first < plan.length; first += batch) {
    const Index count = std::min(batch, plan.length - first);
    Tensors piece = inputs;
    for (const std::string& name : plan.sliced) piece[name] = slice(inputs.at(name), first, count);
    for (const auto& [name, tensor] : session.run(piece))
      joined[name].add(name, tensor, first, count, plan.length);
    progress.advance(static_cast<std::size_t>(count));
  }
  Tensors outputs;
  for (auto& [name, whole] : joined) outputs[name] = whole.take();
  return outputs;
}

}  // namespace engine::tools
