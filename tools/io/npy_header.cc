#include "tools/io/npy_header.h"

#include "base/check.h"
#include "base/text.h"

#include <charconv>
#include <cstdint>
#include <string>

namespace engine::tools {
namespace {

constexpr std::size_t kLongestString = std::size_t{1} << 24;  // characters of one string element
constexpr std::size_t kMaxRank = 64;

template <class... Parts>
[[noreturn]] void bad(std::string_view file, const Parts&... parts) {
  fail(ErrorCode::kInvalidArgument, quote(file), " is not a readable .npy file (", parts..., ")");
}

// Reads the subset of Python's literals that NumPy writes: strings, True, False, tuples of
// integers.
class Literals {
 public:
  Literals(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) bad(file_, "its header lacks '", wanted, "' at byte ", at_);
  }
  bool at_end() { return peek() == '\0' && at_ == text_.size(); }

  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') bad(file_, "its header lacks a string at byte ", at_);
    const std::size_t first = ++at_;
    const std::size_t last = text_.find(quote, first);
    if (last == std::string_view::npos) bad(file_, "a string in its header does not end");
    at_ = last + 1;
    return text_.substr(first, last - first);
  }

  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    bad(file_, "fortran_order is neither True nor False");
  }

  Index integer() {
    peek();
    Index value = -1;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{} || value < 0)
      bad(file_, "an extent of its shape is not a number from 0 to 2^63 - 1");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote long integers
    return value;
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      shape.push_back(integer());
      if (shape.size() > kMaxRank) bad(file_, "it has more than ", kMaxRank, " axes");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

 private:
  std::string_view text_;
  std::string_view file_;
  std::size_t at_ = 0;
};

DType plain_type(char kind, std::size_t bytes, std::string_view descr, std::string_view file) {
  switch (kind) {
    case 'b':
      if (bytes == 1) return DType::kBool;
      break;
    case 'f':
      if (bytes == 2) return DType::kFloat16;
      if (bytes == 4) return DType::kFloat32;
      if (bytes == 8) return DType::kFloat64;
      break;
    case 'i':
      if (bytes == 1) return DType::kInt8;
      if (bytes == 2) return DType::kInt16;
      if (bytes == 4) return DType::kInt32;
      if (bytes == 8) return DType::kInt64;
      break;
    case 'u':
      if (bytes == 1) return DType::kUInt8;
      if (bytes == 2) return DType::kUInt16;
      if (bytes == 4) return DType::kUInt32;
      if (bytes == 8) return DType::kUInt64;
      break;
    default: break;
  }
  fail(ErrorCode::kUnsupported, quote(file), " has elements of NumPy type ", quote(descr),
       ", which no tensor type holds; save it as a number, bool or string type (array.astype)");
}

// descr is one of |<>= (byte order), a letter (kind) and a size.
NpyElement parse_descr(std::string_view descr, std::string_view file) {
  std::string_view rest = descr;
  NpyElement element;
  if (!rest.empty() && std::string_view("|<>=").find(rest[0]) != std::string_view::npos) {
    element.swapped = rest[0] == '>';
    rest.remove_prefix(1);
  }
  const char kind = rest.empty() ? '?' : rest[0];
  ENGINE_REQUIRE(kind != 'O', ErrorCode::kUnsupported, quote(file),
                 " holds pickled Python objects (those can run code when read); save an array of "
                 "numbers or strings");
  std::size_t size = 0;
  if (rest.size() > 1) {
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), size);
    if (error != std::errc{} || end != rest.data() + rest.size() || size > kLongestString) size = 0;
  }
  if (kind == 'S' || kind == 'U') {
    if (size == 0) bad(file, "its strings have no length: type ", quote(descr));
    element.kind = kind == 'S' ? NpyElement::Kind::kBytes : NpyElement::Kind::kText;
    element.dtype = DType::kString;
    element.bytes = kind == 'S' ? size : 4 * size;
    return element;
  }
  element.dtype = plain_type(kind, size, descr, file);
  element.bytes = size;
  return element;
}

NpyHeader parse_dictionary(std::string_view text, std::string_view file) {
  Literals in(text, file);
  NpyHeader header;
  unsigned seen = 0;
  in.expect('{');
  while (!in.take('}')) {
    const std::string_view key = in.string();
    in.expect(':');
    const unsigned bit = key == "descr"           ? 1u
                         : key == "fortran_order" ? 2u
                         : key == "shape"         ? 4u
                                                  : 0u;
    if (bit == 0 || (seen & bit)) bad(file, "its header has an odd or repeated key ", quote(key));
    seen |= bit;
    if (bit == 1) {
      ENGINE_REQUIRE(in.peek() != '[', ErrorCode::kUnsupported, quote(file),
                     " holds records of several fields; save each field as an array of its own");
      header.element = parse_descr(in.string(), file);
    } else if (bit == 2) {
      header.fortran_order = in.boolean();
    } else {
      header.shape = in.tuple();
    }
    if (!in.take(',')) {
      in.expect('}');
      break;
    }
  }
  if (seen != 7) bad(file, "its header lacks descr, fortran_order or shape");
  if (!in.at_end()) bad(file, "its header goes on behind the dictionary");
  return header;
}

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (!text.starts_with("\x93NUMPY")) bad(name, "it does not begin with \\x93NUMPY");
  if (text.size() < 10) bad(name, "it ends within the header");
  const int version = byte(6);
  if (version < 1 || version > 3) bad(name, "format version ", version, "; 1 to 3 are known");
  const std::size_t start = version == 1 ? 10 : 12;
  if (text.size() < start) bad(name, "it ends within the header");
  std::size_t length = byte(8) | std::size_t{byte(9)} << 8;
  if (version > 1) length |= std::size_t{byte(10)} << 16 | std::size_t{byte(11)} << 24;
  if (length > text.size() - start)
    bad(name, "its header claims ", length, " bytes, the file has ", text.size() - start, " left");
  NpyHeader header = parse_dictionary(text.substr(start, length), name);
  header.data = start + length;
  return header;
}

}  // namespace engine::tools
