// Attributes that became inputs: each is moved into a constant.
#include "loaders/onnx/upgrade_rules.h"

#include "base/dispatch.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace engine::onnx {
namespace {

using graph::ValueId;

ValueId add_list(UpgradeContext& context, const std::vector<Index>& list) {
  return context.add_constant(
      Tensor::of<std::int64_t>({static_cast<Index>(list.size())}, std::span(list)));
}

// A float attribute as a scalar of an input's element type.
ValueId add_scalar_like(UpgradeContext& context, float value, ValueId like) {
  const DType dtype = context.type(like).dtype;
  ENGINE_VALIDATE(is_number(dtype), "X is ", to_string(dtype), ", a number needed");
  return context.add_constant(dispatch_number(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>) {
      return Tensor::scalar(T(static_cast<int>(std::clamp(value, -8.0f, 15.0f))));
    } else if constexpr (std::is_integral_v<T>) {
      constexpr double low = static_cast<double>(std::numeric_limits<T>::lowest());
      constexpr double high = static_cast<double>(std::numeric_limits<T>::max());
      if (!(value > low)) return Tensor::scalar(std::numeric_limits<T>::lowest());
      if (!(value < high)) return Tensor::scalar(std::numeric_limits<T>::max());
      return Tensor::scalar(static_cast<T>(value));
    } else {
      return Tensor::scalar(static_cast<T>(value));
    }
  }));
}

void move_list(Draft& draft, UpgradeContext& context, const char* name, std::size_t input) {
  if (draft.attributes.has(name) && !draft.has_input(input))
    draft.set_input(input, add_list(context, draft.attributes.integers(name)));
  draft.attributes.erase(name);
}

ValueId first_input(const Draft& draft) {
  ENGINE_VALIDATE(draft.has_input(0), "input 0 is absent");
  return draft.inputs[0];
}

}  // namespace

// An empty list meant "all axes" to the reductions, as an absent input does now.
void axes_to_input(Draft& draft, UpgradeContext& context) {
  if (draft.attributes.has("axes") && draft.attributes.integers("axes").empty() &&
      draft.type.starts_with("Reduce"))
    draft.attributes.erase("axes");
  move_list(draft, context, "axes", 1);
}

// The limits were those of float by default: infinity was cut.
void clip_limits_to_inputs(Draft& draft, UpgradeContext& context) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const ValueId x = first_input(draft);
  const auto limit = [&](const char* name, float otherwise, std::size_t input) {
    const float value = draft.attributes.number(name, otherwise);
    draft.set_input(input, add_scalar_like(context, value, x));
    draft.attributes.erase(name);
  };
  limit("min", -kLargest, 1);
  limit("max", kLargest, 2);
}

void dft_axis_to_input(Draft& draft, UpgradeContext& context) {
  const std::int64_t axis = draft.attributes.integer("axis", 1);  // the new default is another
  draft.set_input(2, context.add_constant(Tensor::scalar(axis)));
  draft.attributes.erase("axis");
}

void dropout_ratio_to_input(Draft& draft, UpgradeContext& context) {
  const float ratio = draft.attributes.number("ratio", 0.5f);
  draft.set_input(1, context.add_constant(Tensor::scalar(ratio)));
  draft.attributes.erase("ratio");
}

void pad_to_inputs(Draft& draft, UpgradeContext& context) {
  ENGINE_VALIDATE(draft.attributes.has("pads"), "attribute pads is required");
  const float value = draft.attributes.number("value", 0.0f);
  const ValueId x = first_input(draft);
  move_list(draft, context, "pads", 1);
  if (value != 0) draft.set_input(2, add_scalar_like(context, value, x));
  draft.attributes.erase("value");
}

void reshape_shape_to_input(Draft& draft, UpgradeContext& context) {
  move_list(draft, context, "shape", 1);
}

void slice_to_inputs(Draft& draft, UpgradeContext& context) {
  for (const char* name : {"starts", "ends"})
    ENGINE_VALIDATE(draft.attributes.has(name), "attribute ", name, " is required");
  move_list(draft, context, "starts", 1);
  move_list(draft, context, "ends", 2);
  move_list(draft, context, "axes", 3);
}

void split_to_input(Draft& draft, UpgradeContext& context) {
  if (draft.attributes.has("split") && draft.attributes.integers("split").empty())
    draft.attributes.erase("split");
  move_list(draft, context, "split", 1);
}

void topk_to_input(Draft& draft, UpgradeContext& context) {
  draft.set_input(1, add_list(context, {draft.attributes.integer("k")}));
  draft.attributes.erase("k");
}

void upsample_scales_to_input(Draft& draft, UpgradeContext& context) {
  if (draft.has_input(1)) return;  // a retired operator of a newer opset
  std::vector<float> scales = draft.attributes.numbers("scales");
  if (scales.empty() && draft.attributes.has("height_scale"))  // opset 1
    scales = {1, 1, draft.attributes.number("height_scale"),
              draft.attributes.number("width_scale")};
  ENGINE_VALIDATE(!scales.empty(), "attribute scales is required");
  const Index count = static_cast<Index>(scales.size());
  draft.set_input(1,
                  context.add_constant(Tensor::of<float>({count}, std::span<const float>(scales))));
  for (const char* name : {"scales", "height_scale", "width_scale"}) draft.attributes.erase(name);
}

}  // namespace engine::onnx
