// Order of nodes: every node behind those whose outputs it reads.
#pragma once

#include "loaders/onnx/onnx.pb.h"

#include <string>
#include <string_view>
#include <vector>

namespace engine::onnx {

using NodeList = google::protobuf::RepeatedPtrField<pb::NodeProto>;

/// "node 'conv1'", or by the first output if it has no name.
std::string place(const pb::NodeProto& node);
/// "node 'conv1' (Conv)".
std::string label(const pb::NodeProto& node);

/// Names that a node reads, once each: its inputs, and what its bodies take from outside them.
std::vector<std::string_view> names_read(const pb::NodeProto& node);

/// Positions of the nodes in topological order, which is the given one where that is possible. In
/// linear time and without recursion over nodes. Throws Error (kInvalidModel): two nodes make one
/// name; a cycle, which is printed.
std::vector<int> topological_order(const NodeList& nodes);

}  // namespace engine::onnx
