// config.pbtxt, and the JSON that a request to load a model may have in its place.
#pragma once

#include "serve/proto/model_config.pb.h"

#include <cstddef>
#include <string_view>

namespace engine::serve {

/// Bytes that a configuration may have.
inline constexpr std::size_t kMostConfigBytes = std::size_t{1} << 20;

/// Reads protobuf's text format, or JSON if the text begins with '{'. `file` is what messages call
/// the text. Throws Error (kInvalidArgument) with the line and column of what is wrong; a field
/// that ModelConfig does not have is wrong too.
inference::ModelConfig parse_config(std::string_view text, std::string_view file);

}  // namespace engine::serve
