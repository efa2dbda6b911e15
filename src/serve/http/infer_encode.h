// The answer to POST .../infer.
#pragma once

#include "serve/core/served_model.h"
#include "serve/http/infer_decode.h"
#include "serve/http/message.h"

namespace engine::serve::http {

/// Outputs in the order of the model, as JSON or as bytes behind it. Strings, whose bytes have
/// lengths among them, are copied; numbers share the response's memory.
HttpResponse encode_infer(const ServedModel& model, const InferCall& call, Response response);

/// The status and the words of a failure.
HttpResponse encode_failure(const Failure& failure);

}  // namespace engine::serve::http
