// The body of POST .../infer: KServe's JSON with tensors in it, or behind it as bytes.
#pragma once

#include "serve/core/output_form.h"
#include "serve/core/request.h"
#include "serve/core/served_model.h"

#include <map>
#include <memory>
#include <string_view>

namespace engine::serve::http {

/// A request as the client wrote it.
struct InferCall {
  std::optional<std::string> id;
  Request request;
  bool binary_by_default = false;                        ///< outputs that are not in `binary`
  std::map<std::string, bool, std::less<>> binary = {};  ///< outputs by name
  OutputForms forms = {};
};

/// Whose request it is.
struct InferTarget {
  const ServedModel& model;
  const SharedMemory* memory = nullptr;  ///< null: clients have none
};

/// Reads a body. `header_length` is the value of Inference-Header-Content-Length, the bytes of JSON
/// before the tensors; "0" means that the body is the model's only input. Tensors in binary form
/// share the body's memory. Throws Error (kInvalidArgument, kUnsupported) in Triton's words.
///
/// Sizes are bounded by the body's: nothing that the JSON says makes it take more memory than a
/// small multiple. Nesting is bounded at 100.
InferCall decode_infer(const InferTarget& target, std::shared_ptr<const std::string> body,
                       std::optional<std::string_view> header_length);

}  // namespace engine::serve::http
