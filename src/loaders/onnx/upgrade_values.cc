// Attributes whose defaults or values changed, and operators with new names.
#include "loaders/onnx/upgrade_rules.h"

#include "base/text.h"
#include "loaders/onnx/onnx.pb.h"

#include <algorithm>
#include <utility>

namespace engine::onnx {

void cast_name_to_number(Draft& draft, UpgradeContext&) {
  const std::string name = draft.attributes.text("to");
  pb::TensorProto::DataType number;
  ENGINE_VALIDATE(pb::TensorProto::DataType_Parse(name, &number), "attribute to is ", quote(name),
                  ", the name of an element type needed");
  draft.attributes.set("to", Index{number});
}

void concat_default_axis(Draft& draft, UpgradeContext&) {
  if (!draft.attributes.has("axis")) draft.attributes.set("axis", Index{1});
}

void grid_sample_modes(Draft& draft, UpgradeContext&) {
  const std::string mode = draft.attributes.text("mode", "bilinear");
  if (mode == "bilinear") draft.attributes.set("mode", std::string("linear"));
  if (mode == "bicubic") draft.attributes.set("mode", std::string("cubic"));
}

// It only said whether Y is wanted, which the node's outputs say now.
void gru_drop_output_sequence(Draft& draft, UpgradeContext&) {
  draft.attributes.erase("output_sequence");
}

void pad_rename_paddings(Draft& draft, UpgradeContext&) {
  if (!draft.attributes.has("paddings")) return;
  draft.attributes.set("pads", draft.attributes.integers("paddings"));
  draft.attributes.erase("paddings");
}

void pooling_p_to_int(Draft& draft, UpgradeContext&) {
  const float p = draft.attributes.number("p", 2.0f);
  ENGINE_REQUIRE(p >= 1 && p <= 1024 && p == static_cast<float>(static_cast<Index>(p)),
                 ErrorCode::kUnsupported, "attribute p is ", p, " (a whole number is needed)");
  draft.attributes.set("p", static_cast<Index>(p));
}

// Opset 10 had one way to map coordinates; its nearest neighbour lay below when enlarging, and
// above when shrinking.
void resize_from_opset_10(Draft& draft, UpgradeContext&) {
  ENGINE_VALIDATE(draft.has_input(1), "input scales is absent");
  draft.inputs = {draft.inputs[0], graph::kNoValue, draft.inputs[1]};
  draft.attributes.set("coordinate_transformation_mode", std::string("asymmetric"));
  draft.attributes.set("engine_opset_10", Index{1});
}

// The newest default differs from what older versions did.
void roi_align_half_pixel(Draft& draft, UpgradeContext&) {
  draft.attributes.set("coordinate_transformation_mode", std::string("output_half_pixel"));
}

void scatter_to_elements(Draft& draft, UpgradeContext&) { draft.type = "ScatterElements"; }

void selu_old_constants(Draft& draft, UpgradeContext&) {
  draft.attributes.set("alpha", draft.attributes.number("alpha", 1.6732f));
  draft.attributes.set("gamma", draft.attributes.number("gamma", 1.0507f));
}

void softmax_flattens(Draft& draft, UpgradeContext&) {
  draft.attributes.set("axis", draft.attributes.integer("axis", 1));
  draft.attributes.set("engine_flatten", Index{1});
}

void split_count_outputs(Draft& draft, UpgradeContext&) {
  if (!draft.has_input(1)) draft.attributes.set("num_outputs", static_cast<Index>(draft.outputs));
}

void upsample_to_resize(Draft& draft, UpgradeContext&) {
  ENGINE_VALIDATE(draft.has_input(1), "input scales is absent");
  draft.type = "Resize";
  draft.inputs = {draft.inputs[0], graph::kNoValue, draft.inputs[1]};
  if (draft.attributes.text("mode", "nearest") == "bilinear")
    draft.attributes.set("mode", std::string("linear"));
  draft.attributes.set("coordinate_transformation_mode", std::string("asymmetric"));
  draft.attributes.set("nearest_mode", std::string("floor"));
}

}  // namespace engine::onnx
