#include "ops/reverse_sequence.h"

#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {

std::vector<TensorType> ReverseSequence::infer(const Operands& in, Index) const {
  const TensorType& x = in.type(0);
  require_type(
      in, 1, "sequence_lens", [](DType t) { return t == DType::kInt64; }, "int64");
  const auto lengths = list_length(in, 1, "sequence_lens");
  if (!x.ranked) return {x};
  ENGINE_VALIDATE(x.rank() >= 2, "input is ", to_string(x), " (must have rank 2 or more)");
  const Dim& batch = x.dims[batch_first ? 0 : 1];
  ENGINE_VALIDATE(!lengths || !batch.known() || *lengths == batch.value(), "sequence_lens has ",
                  *lengths, " elements, the batch is ", batch.value());
  return {x};
}

Fault ReverseSequence::move(Inputs in, Outputs out) const {
  const Shape& shape = in[0].shape();
  const Index inner = product(shape, 2, in[0].rank());
  const Index batch = shape[batch_first ? 0 : 1], time = shape[batch_first ? 1 : 0];
  const Index batch_step = batch_first ? time * inner : inner;
  const Index time_step = batch_first ? inner : batch * inner;
  if (in[1].size() != batch) return bad_shape(in[1].size(), batch);
  return dispatch_move(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (Index b = 0; b < batch; ++b) {
      const Index length = index_at(in[1], b);
      if (length < 0 || length > time) return out_of_range(length, time + 1);
      const T* x = elements<T>(in[0]) + b * batch_step;
      T* y = elements<T>(out[0]) + b * batch_step;
      for (Index t = 0; t < time; ++t) {
        const Index from = t < length ? length - 1 - t : t;
        copy_run(x + from * time_step, inner, y + t * time_step);
      }
    }
    return kNoFault;
  });
}

OperatorPtr make_ReverseSequence(const Attributes& attributes) {
  auto op = std::make_shared<ReverseSequence>();
  const Index batch_axis = attributes.integer("batch_axis", 1);
  const Index time_axis = attributes.integer("time_axis", 0);
  ENGINE_VALIDATE((batch_axis == 0 && time_axis == 1) || (batch_axis == 1 && time_axis == 0),
                  "batch_axis is ", batch_axis, ", time_axis is ", time_axis,
                  " (one must be 0, the other 1)");
  op->batch_first = batch_axis == 0;
  return op;
}

}  // namespace engine::ops
