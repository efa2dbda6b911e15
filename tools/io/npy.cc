#include "tools/io/npy.h"

#include "base/check.h"
#include "base/shape.h"
#include "base/text.h"
#include "tools/io/npy_header.h"
#include "tools/io/utf8.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

namespace engine::tools {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they are");

std::string read_string(const std::byte* from, const NpyElement& element, std::string_view file) {
  if (element.kind == NpyElement::Kind::kBytes) {
    std::string text(reinterpret_cast<const char*>(from), element.bytes);
    text.resize(text.find_last_not_of('\0') + 1);  // NumPy pads with zeros
    return text;
  }
  std::u32string points(element.bytes / 4, U'\0');
  std::memcpy(points.data(), from, element.bytes);
  if (element.swapped)
    for (char32_t& point : points) point = __builtin_bswap32(point);
  points.resize(points.find_last_not_of(U'\0') + 1);
  std::string text;
  ENGINE_REQUIRE(append_utf8(points, text), ErrorCode::kInvalidArgument, quote(file),
                 " holds text that is not Unicode");
  return text;
}

Tensor read_strings(std::span<const std::byte> data, const NpyHeader& header, Index count,
                    std::string_view file) {
  std::vector<std::string> texts;
  texts.reserve(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i)
    texts.push_back(read_string(data.data() + static_cast<std::size_t>(i) * header.element.bytes,
                                header.element, file));
  return Tensor::strings(header.shape, std::move(texts));
}

void swap_bytes(std::byte* data, std::size_t count, std::size_t width) {
  for (std::size_t i = 0; i < count; ++i) std::reverse(data + i * width, data + (i + 1) * width);
}

// Bytes other than 0 and 1 are no bool to C++.
void make_bool(std::byte* data, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    data[i] = data[i] != std::byte{0} ? std::byte{1} : data[i];
}

// Calls `visit(position in Fortran order)` for each element in C order.
template <class Visit>
void walk_fortran(const Shape& shape, const Visit& visit) {
  const std::size_t rank = shape.size();
  Shape strides(rank), at(rank, 0);
  Index count = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    strides[i] = count;
    count *= shape[i];
  }
  Index from = 0;
  for (Index done = 0; done < count; ++done) {
    visit(static_cast<std::size_t>(from));
    for (std::size_t i = rank; i-- > 0;) {
      from += strides[i];
      if (++at[i] < shape[i]) break;
      from -= strides[i] * shape[i];
      at[i] = 0;
    }
  }
}

Tensor to_c_order(const Tensor& tensor, const Shape& shape) {
  Tensor out(tensor.dtype(), shape);
  if (tensor.dtype() == DType::kString) {
    auto* to = static_cast<std::string*>(out.mutable_data());
    walk_fortran(shape, [&](std::size_t from) { *to++ = tensor.strings()[from]; });
    return out;
  }
  const std::size_t width = size_of(tensor.dtype());
  const auto* source = static_cast<const std::byte*>(tensor.data());
  auto* to = static_cast<std::byte*>(out.mutable_data());
  walk_fortran(shape, [&](std::size_t from) {
    std::memcpy(to, source + from * width, width);
    to += width;
  });
  return out;
}

std::string descr_of(DType dtype, std::size_t longest_text) {
  switch (dtype) {
    case DType::kFloat64: return "<f8";
    case DType::kFloat16: return "<f2";
    case DType::kFloat32:
    case DType::kBFloat16: return "<f4";
    case DType::kInt4:
    case DType::kInt8: return "|i1";
    case DType::kUInt4:
    case DType::kUInt8: return "|u1";
    case DType::kInt16: return "<i2";
    case DType::kUInt16: return "<u2";
    case DType::kInt32: return "<i4";
    case DType::kUInt32: return "<u4";
    case DType::kInt64: return "<i8";
    case DType::kUInt64: return "<u8";
    case DType::kBool: return "|b1";
    case DType::kString: return "<U" + std::to_string(longest_text);
  }
  return {};
}

Bytes header_bytes(const Tensor& tensor, std::size_t longest_text) {
  std::string text = "{'descr': '" + descr_of(tensor.dtype(), longest_text) +
                     "', 'fortran_order': False, 'shape': (";
  for (const Index extent : tensor.shape()) text += std::to_string(extent) + ", ";
  if (tensor.rank() == 1) text.pop_back();  // "(3,)", as NumPy writes it
  else if (tensor.rank() > 1) text.resize(text.size() - 2);
  text += "), }";
  constexpr std::size_t kStart = 10, kAlignment = 64;
  text.append(kAlignment - 1 - (kStart + text.size()) % kAlignment, ' ') += '\n';
  std::string start = "\x93NUMPY\x01";
  start += '\0';
  start += static_cast<char>(text.size() & 255);
  start += static_cast<char>(text.size() >> 8);
  start += text;
  const auto bytes = std::as_bytes(std::span(start));
  return Bytes(bytes.begin(), bytes.end());
}

void append(Bytes& bytes, const void* data, std::size_t size) {
  const auto* first = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), first, first + size);
}

Bytes strings_to_npy(const Tensor& tensor) {
  std::vector<std::u32string> texts;
  std::size_t longest = 1;
  for (const std::string& text : tensor.strings()) {
    texts.push_back(from_utf8(text));
    longest = std::max(longest, texts.back().size());
  }
  Bytes bytes = header_bytes(tensor, longest);
  for (std::u32string& text : texts) {
    text.resize(longest, U'\0');
    append(bytes, text.data(), 4 * longest);
  }
  return bytes;
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> bytes, std::string_view name) {
  const NpyHeader header = parse_npy_header(bytes, name);
  const std::optional<Index> count = checked_count(header.shape);
  const std::span<const std::byte> data = bytes.subspan(header.data);
  Index wanted = 0;
  const bool fits =
      count && !__builtin_mul_overflow(*count, static_cast<Index>(header.element.bytes), &wanted);
  ENGINE_REQUIRE(fits && static_cast<std::size_t>(wanted) == data.size(),
                 ErrorCode::kInvalidArgument, quote(name), " is damaged: its header says ",
                 to_string(header.element.dtype), " ", to_string(header.shape), ", which is ",
                 fits ? std::to_string(wanted) : "too many", " bytes, but ", data.size(),
                 " follow");
  if (header.element.kind != NpyElement::Kind::kPlain) {
    Tensor texts = read_strings(data, header, *count, name);
    return header.fortran_order ? to_c_order(texts, header.shape) : texts;
  }
  Tensor tensor(header.element.dtype, header.shape);
  auto* elements = static_cast<std::byte*>(tensor.mutable_data());
  if (!data.empty()) std::memcpy(elements, data.data(), data.size());
  const auto n = static_cast<std::size_t>(*count);
  if (header.element.swapped) swap_bytes(elements, n, header.element.bytes);
  if (header.element.dtype == DType::kBool) make_bool(elements, n);
  return header.fortran_order && tensor.rank() > 1 ? to_c_order(tensor, header.shape) : tensor;
}

Tensor read_npy(const std::filesystem::path& file) {
  return parse_npy(read_file(file), file.string());
}

Bytes to_npy(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString) return strings_to_npy(tensor);
  Bytes bytes = header_bytes(tensor, 0);
  bytes.reserve(bytes.size() + tensor.bytes());
  if (tensor.dtype() == DType::kBFloat16) {
    for (const float value : tensor.values<BFloat16>()) append(bytes, &value, sizeof value);
  } else if (tensor.size() > 0) {
    append(bytes, tensor.data(), tensor.bytes());
  }
  return bytes;
}

void write_npy(const std::filesystem::path& file, const Tensor& tensor) {
  write_file(file, to_npy(tensor));
}

}  // namespace engine::tools
