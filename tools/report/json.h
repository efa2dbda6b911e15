// JSON for machines. Text from models may be broken UTF-8: it is replaced, never an error.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace engine::tools {

/// Keys keep the order in which they are written.
using Json = nlohmann::ordered_json;

inline std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace engine::tools
