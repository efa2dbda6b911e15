#include "loaders/onnx/upgrade.h"

#include "loaders/onnx/microsoft.h"
#include "loaders/onnx/upgrade_rules.h"

#include <algorithm>

namespace engine::onnx {
namespace {

// Sorted by operator, then version. Where an operator's history is not here, its newer forms only
// accept more: further types, ranks, optional attributes whose defaults mean the old behaviour.
constexpr UpgradeRule kRules[] = {
    {"Add", 7, numpy_broadcast},
    {"And", 7, numpy_broadcast},
    {"BatchNormalization", 14, batch_norm_inference_only},
    {"Cast", 6, cast_name_to_number},
    {"Clip", 11, clip_limits_to_inputs},
    {"Concat", 4, concat_default_axis},
    {"DFT", 20, dft_axis_to_input},
    {"Div", 7, numpy_broadcast},
    {"Dropout", 10, dropout_bool_mask},
    {"Dropout", 12, dropout_ratio_to_input},
    {"Equal", 7, numpy_broadcast},
    {"GRU", 7, gru_drop_output_sequence},
    {"Gemm", 7, gemm_drop_broadcast},
    {"GlobalLpPool", 2, pooling_p_to_int},
    {"Greater", 7, numpy_broadcast},
    {"GridSample", 20, grid_sample_modes},
    {"GroupNormalization", 21, group_norm_per_channel},
    {"Hardmax", 13, softmax_flattens},
    {"LSTM", 7, gru_drop_output_sequence},
    {"Less", 7, numpy_broadcast},
    {"LogSoftmax", 13, softmax_flattens},
    {"LpPool", 2, pooling_p_to_int},
    {"Mul", 7, numpy_broadcast},
    {"Or", 7, numpy_broadcast},
    {"PRelu", 7, prelu_slope_per_channel},
    {"Pad", 2, pad_rename_paddings},
    {"Pad", 11, pad_to_inputs},
    {"Pow", 7, numpy_broadcast},
    {"RNN", 7, gru_drop_output_sequence},
    {"ReduceL1", 18, axes_to_input},
    {"ReduceL2", 18, axes_to_input},
    {"ReduceLogSum", 18, axes_to_input},
    {"ReduceLogSumExp", 18, axes_to_input},
    {"ReduceMax", 18, axes_to_input},
    {"ReduceMean", 18, axes_to_input},
    {"ReduceMin", 18, axes_to_input},
    {"ReduceProd", 18, axes_to_input},
    {"ReduceSum", 13, axes_to_input},
    {"ReduceSumSquare", 18, axes_to_input},
    {"Reshape", 5, reshape_shape_to_input},
    {"Resize", 11, resize_from_opset_10},
    {"RoiAlign", 16, roi_align_half_pixel},
    {"Scan", 9, scan_with_batch},
    {"Scatter", 11, scatter_to_elements},
    {"Selu", 6, selu_old_constants},
    {"Slice", 10, slice_to_inputs},
    {"Softmax", 13, softmax_flattens},
    {"Split", 13, split_to_input},
    {"Split", 18, split_count_outputs},
    {"Squeeze", 13, axes_to_input},
    {"Sub", 7, numpy_broadcast},
    {"Tile", 6, tile_to_repeats},
    {"TopK", 10, topk_to_input},
    {"Unsqueeze", 13, axes_to_input},
    {"Upsample", 9, upsample_scales_to_input},
    {"Upsample", 10, upsample_to_resize},
    {"Xor", 7, numpy_broadcast},
};

static_assert(std::ranges::is_sorted(kRules, [](const UpgradeRule& a, const UpgradeRule& b) {
  return a.type != b.type ? a.type < b.type : a.version < b.version;
}));

// Two operators left ai.onnx at these opsets; files of newer ones still have them.
constexpr bool is_retired(std::string_view type) { return type == "Upsample" || type == "Scatter"; }

// Before its inputs became optional, Resize took empty tensors for absent ones.
void drop_empty_inputs(Draft& draft, UpgradeContext& context) {
  for (std::size_t i = 1; i < draft.inputs.size(); ++i) {
    const Tensor* known = draft.has_input(i) ? context.constant(draft.inputs[i]) : nullptr;
    if (known && known->size() == 0) draft.inputs[i] = graph::kNoValue;
  }
}

}  // namespace

void Draft::set_input(std::size_t i, graph::ValueId id) {
  if (inputs.size() <= i) inputs.resize(i + 1, graph::kNoValue);
  inputs[i] = id;
}

std::span<const UpgradeRule> upgrade_rules() noexcept { return kRules; }

void upgrade(Draft& draft, Index opset, UpgradeContext& context) {
  if (draft.domain == "com.microsoft") return rewrite_microsoft(draft, context);
  if (!draft.domain.empty()) return;
  if (opset < 6) draft.attributes.erase("consumed_inputs");
  if (is_retired(draft.type)) opset = std::min<Index>(opset, 9);
  const std::string type = draft.type;  // rules may change the draft's
  const auto* rule = std::ranges::lower_bound(kRules, type, {}, &UpgradeRule::type);
  for (; rule != std::end(kRules) && rule->type == type; ++rule)
    if (opset < rule->version) rule->apply(draft, context);
  if (draft.type == "Resize") drop_empty_inputs(draft, context);
}

std::string_view newest_name(std::string_view type) noexcept {
  if (type == "Upsample") return "Resize";
  if (type == "Scatter") return "ScatterElements";
  return type;
}

}  // namespace engine::onnx
