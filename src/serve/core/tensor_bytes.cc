#include "serve/core/tensor_bytes.h"

#include "serve/core/datatype.h"
#include "serve/core/text.h"

#include <bit>
#include <cstring>

namespace engine::serve {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors travel in this order");

[[noreturn]] void invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

Tensor strings_of_bytes(const Shape& shape, std::string_view bytes, std::string_view input) {
  const std::size_t count = checked_count(shape, input);
  if (count > bytes.size() / 4) invalid("too few bytes for the strings of input " + quote(input));
  std::vector<std::string> texts(count);
  for (std::string& text : texts) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof length)
      invalid("the lengths of the strings of input " + quote(input) + " pass its end");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (length > bytes.size())
      invalid("the lengths of the strings of input " + quote(input) + " pass its end");
    text = bytes.substr(0, length);
    bytes.remove_prefix(length);
  }
  if (!bytes.empty()) invalid("bytes are left behind the strings of input " + quote(input));
  return Tensor::strings(shape, std::move(texts));
}

}  // namespace

std::size_t checked_count(const Shape& shape, std::string_view input) {
  constexpr std::size_t kMost = std::size_t{1} << 62;
  std::size_t count = 1;
  for (const Index extent : shape) {
    if (extent < 0)
      invalid("shape " + dims_text(shape) + " of input " + quote(input) + " is negative");
    if (extent != 0 && count > kMost / static_cast<std::size_t>(extent))
      invalid("shape " + dims_text(shape) + " of input " + quote(input) + " is too large");
    count *= static_cast<std::size_t>(extent);
  }
  return count;
}

void check_byte_size(DType dtype, const Shape& shape, std::size_t bytes, std::string_view input,
                     std::string_view model) {
  const std::size_t count = checked_count(shape, input), size = size_of(dtype);
  if (bytes % size != 0 || count != bytes / size)
    invalid("input byte size mismatch for input " + quote(input) + " for model " + quote(model) +
            ". Expected " + std::to_string(count) + " x " + std::to_string(size) + " for shape " +
            dims_text(shape) + ", got " + std::to_string(bytes));
}

Tensor tensor_of_bytes(DType dtype, const Shape& shape, std::string_view bytes,
                       const std::shared_ptr<const void>& owner, bool share, std::string_view input,
                       std::string_view model) {
  if (dtype == DType::kString) return strings_of_bytes(shape, bytes, input);
  check_byte_size(dtype, shape, bytes.size(), input, model);
  if (share && dtype != DType::kBool) return Tensor::wrap(dtype, shape, bytes.data(), owner);
  Tensor tensor(dtype, shape);
  if (dtype == DType::kBool)
    std::ranges::transform(bytes, tensor.mutable_values<bool>().begin(),
                           [](char byte) { return byte != 0; });
  else if (!bytes.empty()) std::memcpy(tensor.mutable_data(), bytes.data(), bytes.size());
  return tensor;
}

Tensor packed_strings(const Tensor& strings) {
  std::size_t bytes = 0;
  for (const std::string& text : strings.strings()) bytes += sizeof(std::uint32_t) + text.size();
  Tensor result(DType::kUInt8, {static_cast<Index>(bytes)});
  auto* to = static_cast<char*>(result.mutable_data());
  for (const std::string& text : strings.strings()) {
    const auto length = static_cast<std::uint32_t>(text.size());
    std::memcpy(to, &length, sizeof length);
    to = std::copy(text.begin(), text.end(), to + sizeof length);
  }
  return result;
}

}  // namespace engine::serve
