#include "serve/http/config_json.h"

#include "serve/http/json_write.h"
#include "serve/proto/model_config.pb.h"

#include <charconv>
#include <cmath>

namespace engine::serve::http {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void append_message(std::string& json, const Message& message);

// JSON has no other numbers: those become texts, as protobuf's own mapping has them.
template <class T>
void append_float(std::string& json, T value) {
  if (std::isnan(value)) {
    json += "\"NaN\"";
  } else if (std::isinf(value)) {
    json += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    char text[32];
    json.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

// The value of a field, or the element of a list.
void append_value(std::string& json, const Message& message, const FieldDescriptor& field,
                  int element) {
  const Reflection& in = *message.GetReflection();
  const bool list = field.is_repeated();
  const auto get = [&](auto of_list, auto single) {
    return list ? (in.*of_list)(message, &field, element) : (in.*single)(message, &field);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      json += std::to_string(get(&Reflection::GetRepeatedInt32, &Reflection::GetInt32));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      json += std::to_string(get(&Reflection::GetRepeatedInt64, &Reflection::GetInt64));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      json += std::to_string(get(&Reflection::GetRepeatedUInt32, &Reflection::GetUInt32));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      json += std::to_string(get(&Reflection::GetRepeatedUInt64, &Reflection::GetUInt64));
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      append_float(json, get(&Reflection::GetRepeatedDouble, &Reflection::GetDouble));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      append_float(json, get(&Reflection::GetRepeatedFloat, &Reflection::GetFloat));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      json += get(&Reflection::GetRepeatedBool, &Reflection::GetBool) ? "true" : "false";
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = get(&Reflection::GetRepeatedEnumValue, &Reflection::GetEnumValue);
      const auto* value = field.enum_type()->FindValueByNumber(number);
      if (value) append_string(json, value->name());
      else json += std::to_string(number);
      break;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      append_string(json, get(&Reflection::GetRepeatedString, &Reflection::GetString));
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      append_message(json, list ? in.GetRepeatedMessage(message, &field, element)
                                : in.GetMessage(message, &field));
      break;
  }
}

void append_key(std::string& json, const Message& entry, const FieldDescriptor& key) {
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return append_value(json, entry, key, 0);
  json += '"';
  append_value(json, entry, key, 0);
  json += '"';
}

void append_repeated(std::string& json, const Message& message, const FieldDescriptor& field) {
  const Reflection& in = *message.GetReflection();
  const bool map = field.is_map();
  json += map ? '{' : '[';
  for (int i = 0; i < in.FieldSize(message, &field); ++i) {
    if (i > 0) json += ',';
    if (!map) {
      append_value(json, message, field, i);
      continue;
    }
    const Message& entry = in.GetRepeatedMessage(message, &field, i);
    append_key(json, entry, *field.message_type()->map_key());
    json += ':';
    append_value(json, entry, *field.message_type()->map_value(), 0);
  }
  json += map ? '}' : ']';
}

bool is_written(const Message& message, const FieldDescriptor& field) {
  const bool always = !field.containing_oneof() &&
                      (field.is_repeated() || field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE);
  return always || message.GetReflection()->HasField(message, &field);
}

// As deep as the messages nest, which the schema bounds.
void append_message(std::string& json, const Message& message) {
  json += '{';
  bool first = true;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!is_written(message, field)) continue;
    if (!std::exchange(first, false)) json += ',';
    append_string(json, field.name());
    json += ':';
    if (field.is_repeated()) append_repeated(json, message, field);
    else append_value(json, message, field, 0);
  }
  json += '}';
}

}  // namespace

std::string config_json(const inference::ModelConfig& config) {
  std::string json;
  append_message(json, config);
  return json;
}

}  // namespace engine::serve::http
