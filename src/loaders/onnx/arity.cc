#include "loaders/onnx/arity.h"

#include "base/check.h"

namespace engine::onnx {
namespace {

std::string range_text(Index min, Index max) {
  if (min == max) return std::to_string(min);
  if (max >= ops::kAny) return "at least " + std::to_string(min);
  return std::to_string(min) + (max == min + 1 ? " or " : " to ") + std::to_string(max);
}

void check(Index count, Index min, Index max, const char* one, const char* many) {
  ENGINE_VALIDATE(count >= min && count <= max, count, " ", count == 1 ? one : many, ", ",
                  range_text(min, max), " needed");
}

}  // namespace

void check_arity(const Draft& draft, const ops::OperatorDef& def) {
  check(static_cast<Index>(draft.inputs.size()), def.min_inputs, def.max_inputs, "input", "inputs");
  check(static_cast<Index>(draft.outputs), def.min_outputs, def.max_outputs, "output", "outputs");
  const Index listed = static_cast<Index>(draft.inputs.size());
  const Index required = def.max_inputs >= ops::kAny ? listed : def.min_inputs;
  for (Index i = 0; i < required; ++i)
    ENGINE_VALIDATE(draft.has_input(static_cast<std::size_t>(i)), "input ", i,
                    " is absent (it is required)");
}

}  // namespace engine::onnx
