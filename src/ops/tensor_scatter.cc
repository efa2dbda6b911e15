// TensorScatter: a copy of a cache [batch, .., n, inner..] with `update` [batch, .., m, inner..]
// written along `axis` from write_indices[batch] on.
//
//   past_cache, update, write_indices int64 [batch] (absent: 0)
//
// Mode linear needs the update to fit; circular goes on at the front of the axis.
// Meaning: ONNX TensorScatter, opset 24.
#include "ops/attributes.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

struct TensorScatter final : MovingOperator {
  Index axis = -2;  // never the batch axis 0
  bool circular = false;

  std::string_view name() const noexcept override { return "TensorScatter"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_same_type(in, 0, "past_cache", 1, "update");
    if (in.has(2)) {
      require_type(
          in, 2, "write_indices", [](DType t) { return t == DType::kInt64; }, "int64");
      require_rank(in, 2, "write_indices", 1);
    }
    const TensorType &cache = in.type(0), &update = in.type(1);
    if (!cache.ranked) return {cache};
    const Index along = normalize_axis(axis, cache.rank());
    ENGINE_VALIDATE(along > 0, "axis is ", axis, " (axis 0 is the batch)");
    require_rank(in, 1, "update", cache.rank());
    for (std::size_t i = 0; i < cache.dims.size() && update.ranked; ++i) {
      const Dim &has = cache.dims[i], &new_part = update.dims[i];
      if (!has.known() || !new_part.known()) continue;
      const bool fits = static_cast<Index>(i) == along ? new_part.value() <= has.value()
                                                       : new_part.value() == has.value();
      ENGINE_VALIDATE(fits, "update is ", to_string(update), ", past_cache is ", to_string(cache),
                      " (they must agree but for axis ", along, ", where update may be smaller)");
    }
    if (in.has(2) && in.type(2).ranked) {
      const Dim &rows = in.type(2).dims[0], &batch = cache.dims[0];
      ENGINE_VALIDATE(!rows.known() || !batch.known() || rows.value() == batch.value(),
                      "write_indices has ", rows.value(), " elements, the batch is ",
                      batch.value());
    }
    return {cache};
  }

  Fault move(Inputs in, Outputs out) const override {
    const Index along = normalize_axis(axis, in[0].rank());
    const AxisView cache = split_at(in[0].shape(), along);
    const AxisView update = split_at(in[1].shape(), along);
    const Index batch = in[0].shape()[0];
    if (update.outer != cache.outer || update.inner != cache.inner)
      return bad_shape(update.outer, cache.outer);
    if (update.n > cache.n) return bad_shape(update.n, cache.n);
    copy_all(in[0], out[0]);
    if (update.n == 0 || cache.outer == 0) return kNoFault;
    const Input starts = in.size() > 2 ? in[2] : Input{};
    if (starts && starts.size() != batch) return bad_shape(starts.size(), batch);
    const Index per_sample = cache.outer / batch;
    return dispatch_move(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* from = elements<T>(in[1]);
      T* to = elements<T>(out[0]);
      for (Index i = 0; i < cache.outer; ++i) {
        Index start = starts ? index_at(starts, i / per_sample) : 0;
        if (circular) start = (start % cache.n + cache.n) % cache.n;
        else if (start < 0 || start > cache.n - update.n)
          return out_of_range(start, cache.n - update.n + 1);
        const Index head = std::min(update.n, cache.n - start);  // the rest goes to the front
        copy_run(from, head * cache.inner, to + start * cache.inner);
        copy_run(from + head * cache.inner, (update.n - head) * cache.inner, to);
        from += update.n * cache.inner;
        to += cache.n * cache.inner;
      }
      return kNoFault;
    });
  }
};

}  // namespace

OperatorPtr make_TensorScatter(const Attributes& attributes) {
  auto op = std::make_shared<TensorScatter>();
  op->axis = attributes.integer("axis", -2);
  const std::string mode = attributes.text("mode", "linear");
  ENGINE_VALIDATE(mode == "linear" || mode == "circular", "mode is ", mode,
                  " (must be linear or circular)");
  op->circular = mode == "circular";
  return op;
}

}  // namespace engine::ops
