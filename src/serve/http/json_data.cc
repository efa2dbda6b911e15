#include "serve/http/json_data.h"

#include "serve/core/datatype.h"
#include "serve/core/tensor_bytes.h"
#include "serve/core/text.h"

#include <cmath>
#include <limits>

namespace engine::serve::http {
namespace {

namespace dom = simdjson::dom;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

[[noreturn]] void not_of_type(DType dtype, std::string_view input) {
  invalid("unable to parse 'data' of input " + quote(input) + " (a value is no " + datatype(dtype) +
          ")");
}

[[noreturn]] void other_count(std::string_view input) {
  invalid("Shape does not match true shape of 'data' field of input " + quote(input));
}

template <class T>
bool read(dom::element element, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::string_view text;
    if (element.get(text)) return false;
    value = text;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    std::int64_t number = 0;
    if (!element.get(value)) return true;
    if (element.get(number) || number < 0 || number > 1) return false;
    value = number != 0;
    return true;
  } else if constexpr (std::is_floating_point_v<T>) {
    double number = 0;
    if (element.get(number)) return false;
    value = static_cast<T>(number);  // the shortest text of the largest float is beyond it
    return std::isfinite(value);
  } else if constexpr (std::is_unsigned_v<T>) {
    std::uint64_t number = 0;
    if (element.get(number) || number > std::numeric_limits<T>::max()) return false;
    value = static_cast<T>(number);
    return true;
  } else {
    std::int64_t number = 0;
    if (element.get(number) || number < std::numeric_limits<T>::min() ||
        number > std::numeric_limits<T>::max())
      return false;
    value = static_cast<T>(number);
    return true;
  }
}

// Fills a span from nested arrays; the parser has bounded their depth.
template <class T>
class Flattener {
 public:
  Flattener(std::span<T> values, DType dtype, std::string_view input)
      : values_(values), dtype_(dtype), input_(input) {}

  void all(dom::array data) {
    add(data);
    if (used_ != values_.size()) other_count(input_);
  }

 private:
  void add(dom::array list) {
    for (const dom::element element : list) {
      dom::array nested;
      if (!element.get(nested)) {
        add(nested);
        continue;
      }
      if (used_ == values_.size()) other_count(input_);
      if (!read(element, values_[used_++])) not_of_type(dtype_, input_);
    }
  }

  std::span<T> values_;
  DType dtype_;
  std::string_view input_;
  std::size_t used_ = 0;
};

template <class T>
Tensor numbers_of_json(DType dtype, const Shape& shape, dom::array data, std::string_view input) {
  Tensor tensor(dtype, shape);
  Flattener<T>(tensor.mutable_values<T>(), dtype, input).all(data);
  return tensor;
}

Tensor strings_of_json(const Shape& shape, dom::array data, std::string_view input) {
  std::vector<std::string> texts(checked_count(shape, input));
  Flattener<std::string>(texts, DType::kString, input).all(data);
  return Tensor::strings(shape, std::move(texts));
}

std::size_t leaves(dom::array list) {
  std::size_t count = 0;
  for (const dom::element element : list) {
    dom::array nested;
    count += element.get(nested) ? 1 : leaves(nested);
  }
  return count;
}

}  // namespace

Tensor tensor_of_json(DType dtype, const Shape& shape, dom::element data, std::string_view input) {
  dom::array list;
  if (data.get(list)) invalid("unable to parse 'data' of input " + quote(input) + " (no array)");
  if (checked_count(shape, input) != leaves(list)) other_count(input);  // before memory is taken
  switch (dtype) {
    case DType::kFloat32: return numbers_of_json<float>(dtype, shape, list, input);
    case DType::kFloat64: return numbers_of_json<double>(dtype, shape, list, input);
    case DType::kInt8: return numbers_of_json<std::int8_t>(dtype, shape, list, input);
    case DType::kUInt8: return numbers_of_json<std::uint8_t>(dtype, shape, list, input);
    case DType::kInt16: return numbers_of_json<std::int16_t>(dtype, shape, list, input);
    case DType::kUInt16: return numbers_of_json<std::uint16_t>(dtype, shape, list, input);
    case DType::kInt32: return numbers_of_json<std::int32_t>(dtype, shape, list, input);
    case DType::kUInt32: return numbers_of_json<std::uint32_t>(dtype, shape, list, input);
    case DType::kInt64: return numbers_of_json<std::int64_t>(dtype, shape, list, input);
    case DType::kUInt64: return numbers_of_json<std::uint64_t>(dtype, shape, list, input);
    case DType::kBool: return numbers_of_json<bool>(dtype, shape, list, input);
    case DType::kString: return strings_of_json(shape, list, input);
    default: break;
  }
  invalid(std::string("receiving ") + datatype(dtype) +
          " data via JSON is not supported. Please use the binary data format for input " +
          quote(input));
}

}  // namespace engine::serve::http
