// Sequences that need no run: their number of elements is known when the model is loaded, so each
// element is a value of the graph.
#pragma once

#include "loaders/onnx/graph_builder.h"

#include <string_view>

namespace engine::onnx {

/// Whether `add_sequence_operator` is for it.
bool is_sequence_operator(std::string_view type) noexcept;

/// Adds what such a node stands for: Split, Concat, or nothing. Throws Error (kUnsupported) where a
/// number of elements or a position depends on data, or the sequence comes from around a body.
void add_sequence_operator(Scope& scope, pb::NodeProto& proto);

/// Throws Error (kUnsupported) if the name is that of a sequence, which only the operators above
/// can read.
void refuse_sequence(const Scope& scope, std::string_view name);

}  // namespace engine::onnx
