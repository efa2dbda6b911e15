// The functions behind the table of upgrade.cc, in three files by what they do.
#pragma once

#include "loaders/onnx/draft.h"

namespace engine::onnx {

// upgrade_inputs.cc: attributes that became inputs.
void axes_to_input(Draft& draft, UpgradeContext& context);
void clip_limits_to_inputs(Draft& draft, UpgradeContext& context);
void dft_axis_to_input(Draft& draft, UpgradeContext& context);
void dropout_ratio_to_input(Draft& draft, UpgradeContext& context);
void pad_to_inputs(Draft& draft, UpgradeContext& context);
void reshape_shape_to_input(Draft& draft, UpgradeContext& context);
void slice_to_inputs(Draft& draft, UpgradeContext& context);
void split_to_input(Draft& draft, UpgradeContext& context);
void topk_to_input(Draft& draft, UpgradeContext& context);
void upsample_scales_to_input(Draft& draft, UpgradeContext& context);

// upgrade_values.cc: attributes whose defaults or values changed, and new names.
void cast_name_to_number(Draft& draft, UpgradeContext& context);
void concat_default_axis(Draft& draft, UpgradeContext& context);
void grid_sample_modes(Draft& draft, UpgradeContext& context);
void gru_drop_output_sequence(Draft& draft, UpgradeContext& context);
void pad_rename_paddings(Draft& draft, UpgradeContext& context);
void pooling_p_to_int(Draft& draft, UpgradeContext& context);
void resize_from_opset_10(Draft& draft, UpgradeContext& context);
void roi_align_half_pixel(Draft& draft, UpgradeContext& context);
void scatter_to_elements(Draft& draft, UpgradeContext& context);
void selu_old_constants(Draft& draft, UpgradeContext& context);
void softmax_flattens(Draft& draft, UpgradeContext& context);
void split_count_outputs(Draft& draft, UpgradeContext& context);
void upsample_to_resize(Draft& draft, UpgradeContext& context);

// upgrade_shapes.cc: forms that need the shapes of inputs, and forms that are refused.
void batch_norm_inference_only(Draft& draft, UpgradeContext& context);
void dropout_bool_mask(Draft& draft, UpgradeContext& context);
void gemm_drop_broadcast(Draft& draft, UpgradeContext& context);
void group_norm_per_channel(Draft& draft, UpgradeContext& context);
void numpy_broadcast(Draft& draft, UpgradeContext& context);
void prelu_slope_per_channel(Draft& draft, UpgradeContext& context);
void scan_with_batch(Draft& draft, UpgradeContext& context);
void tile_to_repeats(Draft& draft, UpgradeContext& context);

}  // namespace engine::onnx
