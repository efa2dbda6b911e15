// What a value is whatever the inputs are, while the graph is being built: no pass has folded it.
#pragma once

#include "loaders/onnx/graph_builder.h"

#include <optional>

namespace engine::onnx {

/// The elements of a small value that follows from constants and known extents through a few nodes;
/// nothing if it does not, or is large.
std::optional<Tensor> known_value(const GraphBuilder& builder, graph::ValueId id);

}  // namespace engine::onnx
