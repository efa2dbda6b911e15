// Base64 of RFC 4648.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine::serve::http {

/// Nothing if the text is not made of whole, padded groups, or if bits that the padding leaves over
/// are set.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace engine::serve::http
