// Metrics for Prometheus.
#pragma once

#include "serve/core/repository.h"

#include <string>

namespace engine::serve::http {

/// The models' statistics under Triton's names (nv_inference_...), with the labels `model` and
/// `version`, a histogram of latencies and the memory of requests under own names, and the
/// machine's memory. The text format of Prometheus, version 0.0.4.
std::string metrics_text(const Repository& repository);

}  // namespace engine::serve::http
