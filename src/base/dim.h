// Extents that may be unknown until the inputs arrive.
#pragma once

#include <engine/types.h>

#include <optional>
#include <string>
#include <vector>

namespace engine {

/// An extent: known, or unknown with an identity. Two unknown extents with the same non-empty
/// symbol are equal at run time; an unknown extent without a symbol equals nothing, not even
/// itself.
class Dim {
 public:
  Dim() = default;
  Dim(Index value) : value_(value) {}  // NOLINT: an Index is a Dim
  static Dim symbol(std::string name) {
    Dim dim;
    dim.symbol_ = std::move(name);
    return dim;
  }
  static Dim unknown() { return {}; }

  bool known() const noexcept { return value_ >= 0; }
  Index value() const noexcept { return value_; }  ///< -1 if unknown
  const std::string& symbol() const noexcept { return symbol_; }

  /// Certain to be equal at run time.
  friend bool operator==(const Dim& a, const Dim& b) noexcept {
    return a.known() ? a.value_ == b.value_
                     : !b.known() && !a.symbol_.empty() && a.symbol_ == b.symbol_;
  }

 private:
  Index value_ = -1;
  std::string symbol_;
};

using Dims = std::vector<Dim>;

/// "N", "3" or "?".
std::string to_string(const Dim& dim);
/// "[N, 3]".
std::string to_string(const Dims& dims);

/// Fixed extents, or nothing if any is unknown.
std::optional<Shape> known_shape(const Dims& dims);
Dims to_dims(const Shape& shape);

/// Element type and extents of a value; `ranked` is false if not even the rank is known.
struct TensorType {
  DType dtype = DType::kFloat32;
  Dims dims;
  bool ranked = true;

  TensorType() = default;
  TensorType(DType type, Dims extents) : dtype(type), dims(std::move(extents)) {}
  TensorType(DType type, const Shape& shape) : dtype(type), dims(to_dims(shape)) {}
  static TensorType unranked(DType type) {
    TensorType result;
    result.dtype = type;
    result.ranked = false;
    return result;
  }

  Index rank() const noexcept { return static_cast<Index>(dims.size()); }
  /// All extents, if all are known.
  std::optional<Shape> shape() const { return ranked ? known_shape(dims) : std::nullopt; }
};

/// "float32 [N, 3]" or "float32 [...]" if unranked.
std::string to_string(const TensorType& type);

/// Extents of two operands broadcast together; throws Error (kInvalidModel) if they cannot be.
Dims broadcast(const Dims& a, const Dims& b);

}  // namespace engine
