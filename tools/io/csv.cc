#include "tools/io/csv.h"

#include "base/check.h"
#include "base/text.h"
#include "tools/io/file.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace engine::tools {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Splits one line; separators within quotes do not count.
void split(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  bool in_quotes = false;
  std::size_t first = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') in_quotes = !in_quotes;
    if (i < line.size() && (in_quotes || line[i] != separator)) continue;
    std::string_view field = trimmed(line.substr(first, i - first));
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = trimmed(field.substr(1, field.size() - 2));
    fields.push_back(field);
    first = i + 1;
  }
}

char separator_of(std::string_view line) {
  bool in_quotes = false;
  for (const char c : line) {
    if (c == '"') in_quotes = !in_quotes;
    else if (!in_quotes && (c == ',' || c == ';' || c == '\t')) return c;
  }
  return ',';
}

enum class Parsed { kYes, kNotANumber, kOutOfRange };

template <class T>
Parsed parse_as(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size())
    return Parsed::kNotANumber;
  return error == std::errc{} ? Parsed::kYes : Parsed::kOutOfRange;
}

// Numbers too small for the type are 0 (or its smallest), not errors; from_chars reports both
// alike.
template <class T>
Parsed parse_float(std::string_view text, T& value) {
  const Parsed parsed = parse_as(text, value);
  if (parsed != Parsed::kOutOfRange) return parsed;
  long double wide = 0;
  if (parse_as(text, wide) != Parsed::kYes || wide > 1 || wide < -1) return Parsed::kOutOfRange;
  value = static_cast<T>(wide);
  return Parsed::kYes;
}

template <class T>
Parsed parse_integer(std::string_view text, T& value) {
  using Wide = std::conditional_t<std::is_same_v<T, std::uint64_t>, std::uint64_t, std::int64_t>;
  Wide wide = 0;
  const Parsed parsed = parse_as(text, wide);
  if (parsed != Parsed::kYes) {
    double real = 0;  // "1.5" deserves another message than "abc"
    return parse_as(text, real) == Parsed::kNotANumber ? Parsed::kNotANumber : Parsed::kOutOfRange;
  }
  value = static_cast<T>(wide);
  return static_cast<Wide>(value) == wide && (value < T{}) == (wide < Wide{}) ? Parsed::kYes
                                                                              : Parsed::kOutOfRange;
}

template <class T>
Parsed parse_number(std::string_view text, T& value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if constexpr (std::is_floating_point_v<T>) return parse_float(text, value);
  else return parse_integer(text, value);
}

bool any_number(const std::vector<std::string_view>& fields) {
  for (const std::string_view field : fields) {
    double value;
    if (parse_number(field, value) != Parsed::kNotANumber) return true;
  }
  return false;
}

template <class T>
class Table {
 public:
  Table(std::string_view name, DType dtype) : name_(name), dtype_(dtype) {}

  Tensor read(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      add_line(trimmed(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    ENGINE_REQUIRE(rows_ > 0, ErrorCode::kInvalidArgument, quote(name_), " has no row of numbers");
    return Tensor::of<T>({rows_, static_cast<Index>(columns_)}, std::span<const T>(values_));
  }

 private:
  void add_line(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (columns_ == 0) separator_ = separator_of(line);
    split(line, separator_, fields_);
    if (columns_ == 0) {
      columns_ = fields_.size();
      if (!any_number(fields_)) return;  // the header
    }
    ENGINE_REQUIRE(fields_.size() == columns_, ErrorCode::kInvalidArgument, quote(name_), " line ",
                   line_, " has ", fields_.size(), " fields, the first row has ", columns_);
    for (std::size_t i = 0; i < columns_; ++i) add_field(fields_[i], i + 1);
    ++rows_;
  }

  void add_field(std::string_view field, std::size_t column) {
    T value{};
    const Parsed parsed = parse_number(field, value);
    if (parsed != Parsed::kYes)
      fail(ErrorCode::kInvalidArgument, quote(name_), " line ", line_, ", column ", column, ": ",
           field.empty() ? "the field is empty" : quote(field),
           field.empty()                   ? ""
           : parsed == Parsed::kOutOfRange ? concat(" does not fit ", to_string(dtype_))
                                           : " is not a number");
    values_.push_back(value);
  }

  std::string_view name_;
  DType dtype_;
  char separator_ = ',';
  std::size_t columns_ = 0;
  Index rows_ = 0, line_ = 0;
  std::vector<T> values_;
  std::vector<std::string_view> fields_;
};

}  // namespace

Tensor parse_csv(std::string_view text, std::string_view name, DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return Table<float>(name, dtype).read(text);
    case DType::kFloat64: return Table<double>(name, dtype).read(text);
    case DType::kInt8: return Table<std::int8_t>(name, dtype).read(text);
    case DType::kUInt8: return Table<std::uint8_t>(name, dtype).read(text);
    case DType::kInt16: return Table<std::int16_t>(name, dtype).read(text);
    case DType::kUInt16: return Table<std::uint16_t>(name, dtype).read(text);
    case DType::kInt32: return Table<std::int32_t>(name, dtype).read(text);
    case DType::kUInt32: return Table<std::uint32_t>(name, dtype).read(text);
    case DType::kInt64: return Table<std::int64_t>(name, dtype).read(text);
    case DType::kUInt64: return Table<std::uint64_t>(name, dtype).read(text);
    default:
      fail(ErrorCode::kUnsupported, quote(name), ": a .csv file cannot give elements of type ",
           to_string(dtype), "; use .npy");
  }
}

Tensor read_csv(const std::filesystem::path& file, DType dtype) {
  const Bytes bytes = read_file(file);
  return parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.string(),
                   dtype);
}

}  // namespace engine::tools
