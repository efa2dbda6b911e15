#include "serve/http/repository_json.h"

#include "serve/core/text.h"
#include "serve/http/base64.h"
#include "serve/http/json_write.h"

#include <simdjson.h>

namespace engine::serve::http {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMostNested = 100;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

// A body of JSON; an empty one is an empty object.
class Body {
 public:
  explicit Body(std::string_view body) {
    if (body.empty()) body = "{}";
    dom::element document;
    simdjson::error_code error = parser_.allocate(body.size(), kMostNested);
    if (!error) error = parser_.parse(body.data(), body.size()).get(document);
    if (error)
      invalid(std::string("failed to parse the request JSON buffer: ") +
              simdjson::error_message(error));
    if (document.get(root)) invalid("failed to parse the request JSON buffer: it is no object");
  }

  /// Calls `visit(key, value)` for each parameter.
  template <class Visit>
  void for_each_parameter(Visit visit) const {
    dom::element element;
    if (root.at_key("parameters").get(element)) return;
    dom::object parameters;
    if (element.get(parameters)) invalid("'parameters' is no object");
    for (const auto& [key, value] : parameters) visit(key, value);
  }

  dom::object root;

 private:
  dom::parser parser_;
};

std::string_view text_of(std::string_view key, dom::element value) {
  std::string_view text;
  if (value.get(text)) invalid("parameter " + quote(key) + " is no string");
  return text;
}

}  // namespace

bool decode_index(std::string_view body) {
  const Body json(body);
  dom::element ready;
  if (json.root.at_key("ready").get(ready)) return false;
  bool value = false;
  if (ready.get(value)) invalid("'ready' is neither true nor false");
  return value;
}

LoadRequest decode_load(std::string_view body) {
  constexpr std::string_view kFile = "file:";
  LoadRequest request;
  const Body json(body);
  json.for_each_parameter([&](std::string_view key, dom::element value) {
    if (key == "config") {
      request.config = text_of(key, value);
    } else if (key.starts_with(kFile)) {
      auto bytes = decode_base64(text_of(key, value));
      if (!bytes) invalid("parameter " + quote(key) + " is no base64");
      request.files.insert_or_assign(std::string(key.substr(kFile.size())), std::move(*bytes));
    } else {
      invalid("unrecognized load parameter " + quote(key) + ".");
    }
  });
  return request;
}

void check_unload(std::string_view body) {
  const Body json(body);
  json.for_each_parameter([](std::string_view key, dom::element value) {
    bool ignored = false;
    if (key != "unload_dependents") invalid("unrecognized unload parameter " + quote(key) + ".");
    if (value.get(ignored)) invalid("parameter " + quote(key) + " is neither true nor false");
  });
}

std::string index_json(const std::vector<ModelStatus>& index) {
  std::string json = "[";
  for (const ModelStatus& model : index) {
    json += &model == &index.front() ? "{\"name\":" : ",{\"name\":";
    append_string(json, model.name);
    const auto append = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      json += std::string(",\"") + key + "\":";
      append_string(json, value);
    };
    append("version", model.version);
    append("state", model.state);
    append("reason", model.reason);
    json += "}";
  }
  return json + "]";
}

}  // namespace engine::serve::http
