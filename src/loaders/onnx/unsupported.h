// Which operators of a model this build does not have: all of them at once.
#pragma once

#include "loaders/onnx/state.h"

namespace engine::onnx {

/// Looks through the graph, its bodies and the functions it calls. Throws UnsupportedOperators that
/// names every unknown operator, nodes that use it, and what could be done.
void check_supported(const pb::GraphProto& graph, const FunctionTable& functions);

}  // namespace engine::onnx
