#include "base/dim.h"

#include "base/check.h"

namespace engine {

std::string to_string(const Dim& dim) {
  if (dim.known()) return std::to_string(dim.value());
  return dim.symbol().empty() ? "?" : dim.symbol();
}

std::string to_string(const Dims& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + to_string(dims[i]);
  return text + "]";
}

std::string to_string(const TensorType& type) {
  return std::string(to_string(type.dtype)) + " " + (type.ranked ? to_string(type.dims) : "[...]");
}

std::optional<Shape> known_shape(const Dims& dims) {
  Shape shape;
  shape.reserve(dims.size());
  for (const Dim& dim : dims) {
    if (!dim.known()) return std::nullopt;
    shape.push_back(dim.value());
  }
  return shape;
}

Dims to_dims(const Shape& shape) { return Dims(shape.begin(), shape.end()); }

namespace {

// An unknown extent against a known one greater than 1 must turn out to be that one or 1.
Dim broadcast(const Dim& a, const Dim& b, const Dims& all_a, const Dims& all_b) {
  if (a == b) return a;
  if (a.known() && a.value() == 1) return b;
  if (b.known() && b.value() == 1) return a;
  if (!a.known() && !b.known()) return Dim::unknown();
  if (!a.known()) return b;
  if (!b.known()) return a;
  fail(ErrorCode::kInvalidModel, to_string(all_a), " and ", to_string(all_b),
       " cannot be broadcast together (", a.value(), " against ", b.value(), ")");
}

}  // namespace

Dims broadcast(const Dims& a, const Dims& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Dims out(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim one(1);
    const Dim& left = i + a.size() >= rank ? a[i + a.size() - rank] : one;
    const Dim& right = i + b.size() >= rank ? b[i + b.size() - rank] : one;
    out[i] = broadcast(left, right, a, b);
  }
  return out;
}

}  // namespace engine
