// A request and a response of HTTP, without the connection.
#pragma once

#include <engine/tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::serve::http {

struct HttpRequest {
  std::string method, target;
  std::shared_ptr<const std::string> body = std::make_shared<std::string>();
  std::optional<std::string> inference_header_length = {};
  std::string content_encoding = {}, accept_encoding = {};
};

struct HttpResponse {
  int status = 200;
  std::string text = {};                  ///< JSON, the body or its begin
  std::vector<Tensor> binary = {};        ///< numbers that follow the text as bytes
  std::vector<std::string> extra = {};    ///< header lines
  const char* type = "application/json";  ///< of a text without binary
};

/// "Not Found".
const char* reason(int status) noexcept;

}  // namespace engine::serve::http
