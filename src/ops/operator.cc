#include "ops/operator.h"

namespace engine::ops {

Input view(const Tensor& tensor) noexcept {
  if (!tensor.defined()) return {};
  return {tensor.dtype(), &tensor.shape(), tensor.data()};
}

Output mutable_view(Tensor& tensor) noexcept {
  if (!tensor.defined()) return {};
  return {tensor.dtype(), &tensor.shape(), tensor.mutable_data()};
}

Fault evaluate(const Operator& op, std::span<const Tensor> in, std::span<Tensor> out) {
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  for (const Tensor& tensor : in) inputs.push_back(view(tensor));
  for (Tensor& tensor : out) outputs.push_back(mutable_view(tensor));
  return op.evaluate(inputs, outputs);
}

unsigned Operator::sample_inputs(Inputs, Outputs) const noexcept { return 0; }

unsigned inputs_with_samples(Inputs in, Outputs out, unsigned mask) noexcept {
  const Shape& y = out[0].shape();
  unsigned found = 0;
  if (in.size() > 32) return 0;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (has_input(mask, i) && in[i] && !y.empty() && in[i].shape().size() == y.size() &&
        in[i].shape()[0] == y[0])
      found |= 1u << i;
  return found;
}

const Operand& Operands::operator[](Index i) const noexcept {
  static const Operand absent{.type = {}, .value = nullptr, .extents = nullptr, .present = false};
  return i < size() ? operands_[static_cast<std::size_t>(i)] : absent;
}

std::optional<std::vector<Index>> Operands::integers(Index i) const {
  const Operand& operand = (*this)[i];
  if (operand.present && operand.value) {
    const Tensor& value = *operand.value;
    std::vector<Index> list;
    if (value.dtype() == DType::kInt64)
      list.assign(value.values<std::int64_t>().begin(), value.values<std::int64_t>().end());
    else if (value.dtype() == DType::kInt32)
      list.assign(value.values<std::int32_t>().begin(), value.values<std::int32_t>().end());
    else
      fail(ErrorCode::kInvalidModel, "input ", i, " is ", to_string(value.dtype()),
           ", int64 or int32 needed");
    return list;
  }
  if (operand.present && operand.extents) {
    if (const auto shape = known_shape(*operand.extents)) return *shape;
  }
  return std::nullopt;
}

std::optional<Dims> Operands::extents(Index i) const {
  const Operand& operand = (*this)[i];
  if (operand.present && !operand.value && operand.extents) return *operand.extents;
  if (const auto list = integers(i)) return Dims(list->begin(), list->end());
  return std::nullopt;
}

void require_type(const Operands& in, Index i, const char* name, bool (*accepts)(DType),
                  const char* needed) {
  ENGINE_VALIDATE(accepts(in.dtype(i)), name, " is ", to_string(in.dtype(i)), ", ", needed,
                  " needed");
}

void require_same_type(const Operands& in, Index i, const char* name_i, Index k,
                       const char* name_k) {
  ENGINE_VALIDATE(in.dtype(i) == in.dtype(k), name_i, " is ", to_string(in.dtype(i)), ", ", name_k,
                  " is ", to_string(in.dtype(k)), " (both must have one type)");
}

void require_rank(const Operands& in, Index i, const char* name, Index rank) {
  const TensorType& type = in.type(i);
  ENGINE_VALIDATE(!type.ranked || type.rank() == rank, name, " has rank ", type.rank(), ", ", rank,
                  " needed (it is ", to_string(type), ")");
}

void require_shape(const Operands& in, Index i, const char* name, const TensorType& wanted) {
  const auto have = in.type(i).shape(), need = wanted.shape();
  ENGINE_VALIDATE(!have || !need || *have == *need, name, " is ", to_string(in.type(i)), ", ",
                  to_string(wanted), " needed");
}

std::vector<Tensor> Operator::run_dynamic(std::span<const Tensor>, std::size_t) const {
  fail(ErrorCode::kInternal, name(), " has no dynamic implementation");
}

std::size_t Operator::workspace(Inputs, Outputs) const { return 0; }

Index Operator::flops(std::span<const TensorType>, std::span<const TensorType> out) const {
  if (out.empty()) return 0;
  const auto shape = out[0].shape();
  return shape ? product(*shape, 0, static_cast<Index>(shape->size())) : 0;
}

}  // namespace engine::ops
