// Old forms whose newest one depends on the shapes of inputs, and those that are refused.
#include "loaders/onnx/upgrade_rules.h"

#include "base/check.h"
#include "loaders/onnx/onnx.pb.h"

#include <cstdint>
#include <numeric>

namespace engine::onnx {
namespace {

using graph::ValueId;

Index known_rank(const UpgradeContext& context, ValueId id, const char* name) {
  const TensorType& type = context.type(id);
  ENGINE_REQUIRE(type.ranked, ErrorCode::kUnsupported, "the rank of ", name,
                 " is unknown, which this old form needs (convert the model to a newer opset)");
  return type.rank();
}

ValueId add_range(UpgradeContext& context, Index first, Index last) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(last - first));
  std::iota(axes.begin(), axes.end(), first);
  return context.add_constant(
      Tensor::of<std::int64_t>({last - first}, std::span<const std::int64_t>(axes)));
}

// Axes of length 1 behind those that `id` has, `count` of them.
ValueId append_axes(UpgradeContext& context, ValueId id, Index rank, Index count) {
  if (count <= 0) return id;
  return context.add_node("Unsqueeze", {}, {id, add_range(context, rank, rank + count)});
}

void drop_attribute(Draft& draft, const char* name) { draft.attributes.erase(name); }

}  // namespace

// The training form has more outputs. `spatial` = 0 kept a mean for each pixel.
void batch_norm_inference_only(Draft& draft, UpgradeContext&) {
  for (std::size_t i = 1; i < draft.outputs; ++i)
    ENGINE_REQUIRE(!draft.wants(i), ErrorCode::kUnsupported, "output ", i,
                   " exists only while training (export the model for inference)");
  ENGINE_REQUIRE(draft.attributes.flag("spatial", true), ErrorCode::kUnsupported,
                 "attribute spatial is 0, which is not supported");
  draft.outputs = 1;
  for (const char* name : {"spatial", "is_test", "momentum", "consumed_inputs"})
    drop_attribute(draft, name);
}

// The mask had the type of the data.
void dropout_bool_mask(Draft& draft, UpgradeContext& context) {
  drop_attribute(draft, "is_test");
  if (!draft.wants(1) || !draft.has_input(0)) return;
  Index number = pb::TensorProto::FLOAT;
  switch (context.type(draft.inputs[0]).dtype) {
    case DType::kFloat64: number = pb::TensorProto::DOUBLE; break;
    case DType::kFloat16: number = pb::TensorProto::FLOAT16; break;
    default: break;
  }
  ops::Attributes to;
  to.set("to", number);
  draft.tails.push_back({1, "Cast", std::move(to)});
}

// C followed the same rule as now wherever `broadcast` allowed it to have another shape.
void gemm_drop_broadcast(Draft& draft, UpgradeContext&) { drop_attribute(draft, "broadcast"); }

// scale and bias were one per group: [groups] -> [groups, 1] -> [groups, channels / groups] ->
// flat.
void group_norm_per_channel(Draft& draft, UpgradeContext& context) {
  if (!draft.has_input(0) || !draft.has_input(1) || !draft.has_input(2)) return;
  const Index groups = draft.attributes.integer("num_groups");
  const TensorType& x = context.type(draft.inputs[0]);
  ENGINE_REQUIRE(x.ranked && x.rank() >= 2 && x.dims[1].known(), ErrorCode::kUnsupported,
                 "the number of channels is unknown, which this old form needs (convert the model "
                 "to opset 21)");
  const Index channels = x.dims[1].value();
  ENGINE_VALIDATE(groups > 0 && channels % groups == 0, channels,
                  " channels do not divide by num_groups ", groups);
  const ValueId repeats =
      context.add_constant(Tensor::of<std::int64_t>({2}, {1, channels / groups}));
  const ValueId flat = context.add_constant(Tensor::of<std::int64_t>({1}, {-1}));
  const ValueId column = context.add_constant(Tensor::of<std::int64_t>({2}, {-1, 1}));
  for (const std::size_t i : {1u, 2u}) {
    ValueId id = context.add_node("Reshape", {}, {draft.inputs[i], column});
    id = context.add_node("Expand", {}, {id, repeats});
    draft.inputs[i] = context.add_node("Reshape", {}, {id, flat});
  }
}

// B's axes lay against A's from `axis` on. Axes of length 1 behind them mean the same to NumPy.
void numpy_broadcast(Draft& draft, UpgradeContext& context) {
  const bool broadcasts = draft.attributes.flag("broadcast", false);
  const bool has_axis = draft.attributes.has("axis");
  if (broadcasts && has_axis && draft.has_input(0) && draft.has_input(1)) {
    Index axis = draft.attributes.integer("axis");
    const Index rank = known_rank(context, draft.inputs[0], "A");
    const Index own = known_rank(context, draft.inputs[1], "B");
    if (axis < 0) axis += rank;
    ENGINE_VALIDATE(axis >= 0 && axis <= rank, "axis ", axis, ", rank ", rank);
    if (own > 0) draft.inputs[1] = append_axes(context, draft.inputs[1], own, rank - axis - own);
  }
  drop_attribute(draft, "broadcast");
  drop_attribute(draft, "axis");
}

// A slope for each channel lay along axis 1, not along the last one.
void prelu_slope_per_channel(Draft& draft, UpgradeContext& context) {
  if (!draft.has_input(0) || !draft.has_input(1)) return;
  const Index own = known_rank(context, draft.inputs[1], "slope");
  if (own != 1) return;
  const Index rank = known_rank(context, draft.inputs[0], "X");
  draft.inputs[1] = append_axes(context, draft.inputs[1], 1, rank - 2);
}

void scan_with_batch(Draft&, UpgradeContext&) {
  fail(ErrorCode::kUnsupported,
       "Scan of opset 8 (with a batch axis) is not supported (export with opset 9 or newer)");
}

// Opset 1 repeated one axis: scalars `tiles` and `axis`.
void tile_to_repeats(Draft& draft, UpgradeContext& context) {
  if (draft.inputs.size() != 3) return;
  const Tensor* tiles = draft.has_input(1) ? context.constant(draft.inputs[1]) : nullptr;
  const Tensor* axis = draft.has_input(2) ? context.constant(draft.inputs[2]) : nullptr;
  const bool known = tiles && axis && tiles->size() == 1 && axis->size() == 1 &&
                     tiles->dtype() == DType::kInt64 && axis->dtype() == DType::kInt64;
  ENGINE_REQUIRE(known, ErrorCode::kUnsupported,
                 "Tile of opset 1 is supported with constant int64 tiles and axis only");
  const Index rank = known_rank(context, draft.inputs[0], "input");
  const Index at = axis->values<std::int64_t>()[0];
  ENGINE_VALIDATE(at >= 0 && at < rank, "axis ", at, ", rank ", rank);
  std::vector<std::int64_t> repeats(static_cast<std::size_t>(rank), 1);
  repeats[static_cast<std::size_t>(at)] = tiles->values<std::int64_t>()[0];
  draft.inputs = {draft.inputs[0], context.add_constant(Tensor::of<std::int64_t>(
                                       {rank}, std::span<const std::int64_t>(repeats)))};
}

}  // namespace engine::onnx
