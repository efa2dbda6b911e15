#include "support/bound_case.h"

#include "base/check.h"
#include "ops/reorder.h"

#include <bit>
#include <cstring>

namespace engine::test {
namespace {

struct Operands {
  std::vector<ops::Operand> list;
  explicit Operands(const OperatorCase& c, bool all_values) {
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
      const Tensor& tensor = c.inputs[i];
      ops::Operand operand;
      operand.present = tensor.defined();
      if (tensor.defined()) operand.type = TensorType(tensor.dtype(), tensor.shape());
      const bool known = all_values || (c.constants >> i & 1u) != 0;
      if (tensor.defined() && known) operand.value = &tensor;
      list.push_back(operand);
    }
  }
};

void reorder(const ops::Input& from, const ops::Output& to, const void* source, void* target,
             Pool& pool) {
  const ops::Fault fault = ops::bind_reorder(from, to)->run({&source, &target, nullptr, pool});
  ENGINE_REQUIRE(fault.ok(), ErrorCode::kRunFailed, "a reorder failed");
}

ops::Border sum(const ops::Border& a, const ops::Border& b) {
  return {a.top + b.top, a.left + b.left, a.bottom + b.bottom, a.right + b.right};
}

}  // namespace

std::vector<TensorType> infer(const OperatorCase& c) {
  const Operands operands(c, true);
  return c.op->infer(ops::Operands(operands.list), static_cast<Index>(c.outputs.size()));
}

std::vector<Tensor> make_outputs(const OperatorCase& c) {
  const std::vector<TensorType> types = infer(c);
  std::vector<Tensor> outputs(c.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (c.outputs[i]) {
      outputs[i] = Tensor(types.at(i).dtype, types[i].shape().value());
      // What a kernel leaves out must not look right by chance.
      if (outputs[i].dtype() != DType::kString)
        std::memset(outputs[i].mutable_data(), 0xa5, outputs[i].bytes());
    }
  return outputs;
}

std::vector<ops::Input> views(const std::vector<Tensor>& tensors) {
  std::vector<ops::Input> list;
  for (const Tensor& tensor : tensors) list.push_back(ops::view(tensor));
  return list;
}

std::vector<ops::Output> mutable_views(std::vector<Tensor>& tensors) {
  std::vector<ops::Output> list;
  for (Tensor& tensor : tensors) list.push_back(ops::mutable_view(tensor));
  return list;
}

BoundCase::BoundCase(const OperatorCase& c, const ops::Backend& backend)
    : case_(c), backend_(backend), outputs_(make_outputs(c)), in_(views(c.inputs)) {
  const Operands operands(c, false);
  packed_ = backend.pack(*c.op, ops::Operands(operands.list));
  for (std::size_t i = 0; i < in_.size(); ++i) {
    in_data_.push_back(in_[i].data);
    if ((c.constants >> i & 1u) == 0) in_[i].data = nullptr;
    // What a kernel packed it must not read again.
    if (packed_ && (packed_->consumed_inputs >> i & 1u) != 0) in_data_[i] = in_[i].data = nullptr;
  }
  out_ = mutable_views(outputs_);
  for (ops::Output& output : out_) {
    out_data_.push_back(output.data);
    output.data = nullptr;
  }
}

bool BoundCase::block(Pool& pool, const Spare& spare) {
  const ops::LayoutOffer offer = backend_.offer(binding());
  if (!offer.inputs) return false;
  for (std::size_t i = 0; i < in_.size(); ++i) {
    if (!(offer.inputs >> i & 1u)) continue;
    ops::Input blocked = in_[i];
    blocked.layout = {true, sum(i == 0 ? offer.border : ops::Border{}, spare.input)};
    const void* from = in_data_[i];
    void* to = memory(ops::blocked_bytes(in_[i].shape(), blocked.layout));
    reorder(in_[i], {in_[i].dtype, in_[i].extents, nullptr, blocked.layout}, from, to, pool);
    in_data_[i] = to;
    in_[i] = blocked;
  }
  if (offer.output) {
    out_[0].layout = {true, spare.output};
    out_data_[0] = memory(ops::blocked_bytes(out_[0].shape(), out_[0].layout));
  }
  return blocked_ = true;
}

void BoundCase::bind(Pool& pool, const ops::TuningTable* tuning) {
  kernel_ = backend_.bind(binding(pool.concurrency(), tuning));
  scratch_ = static_cast<std::byte*>(memory(kernel_->scratch_bytes(pool.concurrency())));
}

void BoundCase::run(Pool& pool) {
  const ops::Fault fault = kernel_->run({in_data_.data(), out_data_.data(), scratch_, pool});
  ENGINE_REQUIRE(fault.ok(), ErrorCode::kRunFailed, case_.name, " failed on ", backend_.name());
}

std::vector<Tensor> BoundCase::take_outputs(Pool& pool) {
  if (out_[0].layout.blocked) read_blocked_output(pool);
  return std::move(outputs_);
}

// Bytes that look like nothing that a kernel would write.
void* BoundCase::memory(std::size_t bytes) {
  memory_.emplace_back(DType::kUInt8, Shape{static_cast<Index>(bytes)});
  std::memset(memory_.back().mutable_data(), 0xa5, bytes);
  return memory_.back().mutable_data();
}

void BoundCase::read_blocked_output(Pool& pool) {
  const ops::Output& y = out_[0];
  const auto* floats = static_cast<const float*>(out_data_[0]);
  const ops::BlockedView view(y.shape(), y.layout);
  const ops::Border& border = y.layout.border;
  for (Index n = 0; n < view.batch; ++n)
    for (Index j = 0; j < view.blocks; ++j)
      for (Index row = -border.top; row < view.height + border.bottom; ++row)
        for (Index column = -border.left; column < view.width + border.right; ++column) {
          if (row >= 0 && row < view.height && column >= 0 && column < view.width) continue;
          const float* pixel = floats + view.offset(n, j, row, column);
          for (Index lane = 0; lane < view.block; ++lane)
            ENGINE_REQUIRE(std::bit_cast<std::uint32_t>(pixel[lane]) == 0u, ErrorCode::kRunFailed,
                           "border of ", case_.name, " at ", row, ", ", column, " is not +0");
        }
  reorder({y.dtype, y.extents, nullptr, y.layout}, {y.dtype, y.extents, nullptr}, out_data_[0],
          outputs_[0].mutable_data(), pool);
}

}  // namespace engine::test
