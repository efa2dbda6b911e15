#include "ops/cast_text.h"

#include "ops/numeric_cast.h"

#include <algorithm>
#include <charconv>
#include <cctype>

namespace engine::ops {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

template <class N>
bool parse_all(std::string_view text, N& value) noexcept {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end) return false;
  if (error == std::errc{}) return true;
  if constexpr (std::is_floating_point_v<N>) {
    if (error != std::errc::result_out_of_range) return false;
    // from_chars leaves the value alone: a number too large or too small for the type.
    const std::size_t exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && text.substr(exponent + 1, 1) == "-";
    value = tiny ? N{0} : std::numeric_limits<N>::infinity();
    if (text.front() == '-') value = -value;
    return true;
  }
  return false;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(
      text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

template <class N>
bool parse_float(std::string_view text, N& value) noexcept {
  const bool negative = text.starts_with('-');
  if (equals_ignoring_case(text.substr(negative), "nan")) {
    value = std::numeric_limits<N>::quiet_NaN();
    return true;
  }
  return parse_all(text, value);  // knows "inf" in any case
}

// Digits as people write them: scientific only for very large and very small values.
template <class N>
std::string print_float(N value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const N magnitude = std::abs(value);
  const bool plain = magnitude == 0 || (magnitude >= N(1e-4) && magnitude < N(1e16));
  char buffer[64];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, result.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

// The fewest digits that give the same 16-bit float again.
template <class T>
std::string print_half(T half) {
  const float value = half;
  if (!std::isfinite(value)) return print_float(value);
  for (int digits = 1;; ++digits) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                   std::chars_format::scientific, digits - 1)
                         .ptr;
    float back = 0;
    std::from_chars(buffer, end, back);
    constexpr int kAlwaysEnough = 9;
    if (T(back).bits == half.bits || digits == kAlwaysEnough) return print_float(back);
  }
}

}  // namespace

template <class T>
bool parse_number(std::string_view text, T& value) noexcept {
  text = trimmed(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  if constexpr (std::is_floating_point_v<T>) {
    return parse_float(text, value);
  } else if constexpr (dtype_of<T> == DType::kFloat16 || dtype_of<T> == DType::kBFloat16) {
    double number;
    if (!parse_float(text, number)) return false;
    value = numeric_cast<T>(number);
    return true;
  } else {
    std::int64_t integer;
    std::uint64_t natural;
    double number;
    if (parse_all(text, integer)) value = numeric_cast<T>(integer);
    else if (parse_all(text, natural)) value = numeric_cast<T>(natural);
    else if (parse_float(text, number)) value = numeric_cast<T>(number);
    else return false;
    return true;
  }
}

template <class T>
std::string print_number(T value) {
  if constexpr (std::is_same_v<T, bool>) return value ? "True" : "False";
  else if constexpr (std::is_floating_point_v<T>) return print_float(value);
  else if constexpr (dtype_of<T> <= DType::kBFloat16) return print_half(value);
  else if constexpr (dtype_of<T> <= DType::kUInt4) return std::to_string(static_cast<int>(value));
  else return std::to_string(value);
}

#define ENGINE_TEXT(T)                                                      \
  template bool parse_number<T>(std::string_view text, T & value) noexcept; \
  template std::string print_number<T>(T value);
ENGINE_TEXT(float)
ENGINE_TEXT(double)
ENGINE_TEXT(Float16)
ENGINE_TEXT(BFloat16)
ENGINE_TEXT(Int4)
ENGINE_TEXT(UInt4)
ENGINE_TEXT(std::int8_t)
ENGINE_TEXT(std::uint8_t)
ENGINE_TEXT(std::int16_t)
ENGINE_TEXT(std::uint16_t)
ENGINE_TEXT(std::int32_t)
ENGINE_TEXT(std::uint32_t)
ENGINE_TEXT(std::int64_t)
ENGINE_TEXT(std::uint64_t)
ENGINE_TEXT(bool)
#undef ENGINE_TEXT

}  // namespace engine::ops
