#include "serve/http/json_write.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace engine::serve::http {
namespace {

// Bytes of the valid UTF-8 character that the text begins with, or 0.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const unsigned char second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
}

template <class T>
void append_number(std::string& json, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {
      json += "null";
      return;
    }
    if (std::isinf(value)) {
      json += value > 0 ? "1e999" : "-1e999";
      return;
    }
  }
  char text[32];
  json.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

template <class T>
void append_list(std::string& json, const Tensor& tensor) {
  for (const T value : tensor.values<T>()) {
    if constexpr (std::is_same_v<T, bool>) json += value ? "true" : "false";
    else if constexpr (sizeof(T) == 1) append_number(json, static_cast<int>(value));
    else append_number(json, value);
    json += ',';
  }
}

bool append_elements(std::string& json, const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32: append_list<float>(json, tensor); return true;
    case DType::kFloat64: append_list<double>(json, tensor); return true;
    case DType::kInt8: append_list<std::int8_t>(json, tensor); return true;
    case DType::kUInt8: append_list<std::uint8_t>(json, tensor); return true;
    case DType::kInt16: append_list<std::int16_t>(json, tensor); return true;
    case DType::kUInt16: append_list<std::uint16_t>(json, tensor); return true;
    case DType::kInt32: append_list<std::int32_t>(json, tensor); return true;
    case DType::kUInt32: append_list<std::uint32_t>(json, tensor); return true;
    case DType::kInt64: append_list<std::int64_t>(json, tensor); return true;
    case DType::kUInt64: append_list<std::uint64_t>(json, tensor); return true;
    case DType::kBool: append_list<bool>(json, tensor); return true;
    case DType::kString:
      for (const std::string& text : tensor.strings()) {
        append_string(json, text);
        json += ',';
      }
      return true;
    default: return false;
  }
}

}  // namespace

void append_string(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
    const std::size_t length = character(text);
    const char c = text[0];
    if (length == 0) {
      json += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      json += escaped;
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  json += '"';
}

void append_shape(std::string& json, const Shape& shape) {
  json += '[';
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i) json += ',';
    append_number(json, shape[i]);
  }
  json += ']';
}

bool append_values(std::string& json, const Tensor& tensor) {
  json += '[';
  if (!append_elements(json, tensor)) return false;
  if (json.back() == ',') json.back() = ']';
  else json += ']';
  return true;
}

std::string error_body(std::string_view message) {
  std::string json = "{\"error\":";
  append_string(json, message);
  return json + "}";
}

}  // namespace engine::serve::http
