// From bytes to protobuf messages: only that, nothing in them is believed yet.
#pragma once

#include "loaders/onnx/onnx.pb.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace engine::onnx {

/// Bodies nest three messages per level. The parser goes this much deeper than `max_depth` levels,
/// so that a model that is a little too deep gets the precise message of the builder.
int recursion_limit(int max_depth) noexcept;

/// Reads a regular file as a stream: the bytes are never held beside the message. Throws Error:
/// kNotFound, kIo, kInvalidModel (empty, text, truncated or damaged).
std::unique_ptr<pb::ModelProto> parse_file(const std::filesystem::path& file, int max_depth);

/// The same from memory.
std::unique_ptr<pb::ModelProto> parse_bytes(std::span<const std::byte> bytes, int max_depth);

/// A single tensor. Throws Error (kInvalidModel).
std::unique_ptr<pb::TensorProto> parse_tensor(std::span<const std::byte> bytes);

}  // namespace engine::onnx
