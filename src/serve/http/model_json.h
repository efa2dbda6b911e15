// What the server tells about a model.
#pragma once

#include "serve/core/served_model.h"

#include <string>
#include <vector>

namespace engine::serve::http {

/// The body of GET /v2/models/NAME.
std::string metadata_json(const ServedModel& model, const std::vector<Index>& versions);

/// The body of GET .../stats, of one model or of several.
std::string statistics_json(const std::vector<std::shared_ptr<ServedModel>>& models);

}  // namespace engine::serve::http
