#include "graph/slices.h"

#include "base/check.h"
#include "base/shape.h"

#include <cstring>

namespace engine::graph {
namespace {

// `count` elements; strings own memory and are assigned.
void copy_elements(Tensor& to, Index to_at, const Tensor& from, Index from_at, Index count) {
  if (count == 0) return;
  if (from.dtype() == DType::kString) {
    const auto source =
        from.strings().subspan(static_cast<std::size_t>(from_at), static_cast<std::size_t>(count));
    std::ranges::copy(source, static_cast<std::string*>(to.mutable_data()) + to_at);
    return;
  }
  const std::size_t size = size_of(from.dtype());
  std::memcpy(static_cast<char*>(to.mutable_data()) + static_cast<std::size_t>(to_at) * size,
              static_cast<const char*>(from.data()) + static_cast<std::size_t>(from_at) * size,
              static_cast<std::size_t>(count) * size);
}

}  // namespace

std::size_t memory_of(const Tensor& tensor) noexcept {
  std::size_t bytes = tensor.bytes();
  if (tensor.defined() && tensor.dtype() == DType::kString)
    for (const std::string& text : tensor.strings()) bytes += text.size();
  return bytes;
}

Tensor slice_at(const Tensor& tensor, Index axis, Index index) {
  Shape shape = tensor.shape();
  const Index at = normalize_axis(axis, tensor.rank());
  const AxisView view = split_at(shape, at);
  shape.erase(shape.begin() + at);
  Tensor slice(tensor.dtype(), std::move(shape));
  for (Index o = 0; o < view.outer; ++o)
    copy_elements(slice, o * view.inner, tensor, (o * view.n + index) * view.inner, view.inner);
  return slice;
}

void Stacks::push(std::span<const Tensor> outputs) {
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    const Tensor& slice = outputs[i];
    if (!slices_[i].empty()) {
      const Tensor& first = slices_[i][0];
      ENGINE_REQUIRE(slice.shape() == first.shape() && slice.dtype() == first.dtype(),
                     ErrorCode::kRunFailed, "scan output ", i, " is ", to_string(slice.dtype()),
                     " ", to_string(slice.shape()), ", in the first trip it was ",
                     to_string(first.dtype()), " ", to_string(first.shape()));
    }
    const std::size_t bytes = memory_of(slice) + sizeof(Tensor);
    ENGINE_REQUIRE(bytes <= max_bytes_ - used_, ErrorCode::kResourceExhausted,
                   "scan outputs need more than ", max_bytes_,
                   " bytes (raise SessionOptions::max_bytes, --memory)");
    used_ += bytes;
    slices_[i].push_back(slice);
  }
}

Tensor Stacks::join(Index output, Index axis, bool backwards, const TensorType& type) {
  const std::vector<Tensor> slices = std::move(slices_[static_cast<std::size_t>(output)]);
  Shape shape;
  if (!slices.empty()) shape = slices[0].shape();
  else
    for (const Dim& dim : type.dims) shape.push_back(dim.known() ? dim.value() : 0);
  const Index count = static_cast<Index>(slices.size());
  const Index at = normalize_axis(axis, static_cast<Index>(shape.size()) + 1);
  shape.insert(shape.begin() + at, count);
  const AxisView view = split_at(shape, at);
  Tensor whole(slices.empty() ? type.dtype : slices[0].dtype(), std::move(shape));
  for (Index k = 0; k < count; ++k) {
    const Tensor& slice = slices[static_cast<std::size_t>(backwards ? count - 1 - k : k)];
    for (Index o = 0; o < view.outer; ++o)
      copy_elements(whole, (o * count + k) * view.inner, slice, o * view.inner, view.inner);
  }
  return whole;
}

}  // namespace engine::graph
