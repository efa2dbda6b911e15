#include "ops/gather_nd.h"

#include "ops/attributes.h"
#include "ops/index_tuples.h"

namespace engine::ops {

std::vector<TensorType> GatherND::infer(const Operands& in, Index) const {
  require_type(
      in, 1, "indices", [](DType t) { return t == DType::kInt64; }, "int64");
  const TensorType& data = in.type(0);
  const TensorType& indices = in.type(1);
  if (!data.ranked || !indices.ranked) return {TensorType::unranked(data.dtype)};
  ENGINE_VALIDATE(batch_dims < data.rank() && batch_dims < indices.rank(), "batch_dims is ",
                  batch_dims, " (data has rank ", data.rank(), ", indices has rank ",
                  indices.rank(), ")");
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch_dims); ++i) {
    const Dim &a = data.dims[i], &b = indices.dims[i];
    ENGINE_VALIDATE(!a.known() || !b.known() || a.value() == b.value(), "data is ", to_string(data),
                    ", indices is ", to_string(indices), " (the first ", batch_dims,
                    " axes must agree)");
  }
  const Dim& depth = indices.dims.back();
  if (!depth.known()) return {TensorType::unranked(data.dtype)};
  ENGINE_VALIDATE(depth.value() >= 1 && depth.value() <= data.rank() - batch_dims,
                  "indices has tuples of ", depth.value(), ", [1, ", data.rank() - batch_dims,
                  "] needed (data is ", to_string(data), ")");
  Dims dims(indices.dims.begin(), indices.dims.end() - 1);
  dims.insert(dims.end(), data.dims.begin() + batch_dims + depth.value(), data.dims.end());
  return {{data.dtype, std::move(dims)}};
}

Fault GatherND::move(Inputs in, Outputs out) const {
  const Shape& data = in[0].shape();
  const Shape& indices = in[1].shape();
  const Index batches = product(data, 0, batch_dims);
  if (batches != product(indices, 0, batch_dims)) return bad_shape(batches, indices[0]);
  const IndexTuples tuples(in[1], data, batch_dims);
  const Index rows = product(indices, batch_dims, in[1].rank() - 1);
  const Index block = product(data, batch_dims, in[0].rank());
  const Index run = product(data, batch_dims + indices.back(), in[0].rank());
  Fault fault;
  dispatch_move(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = elements<T>(in[0]);
    T* y = elements<T>(out[0]);
    for (Index i = 0; i < batches * rows; ++i) {
      const Index offset = tuples.offset(i, fault);
      if (offset < 0) return;
      copy_run(x + i / rows * block + offset, run, y + i * run);
    }
  });
  return fault;
}

OperatorPtr make_GatherND(const Attributes& attributes) {
  auto op = std::make_shared<GatherND>();
  op->batch_dims = attributes.integer("batch_dims", 0);
  ENGINE_VALIDATE(op->batch_dims >= 0, "batch_dims is ", op->batch_dims, " (must not be negative)");
  return op;
}

}  // namespace engine::ops
