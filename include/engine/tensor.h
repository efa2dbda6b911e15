// Tensor: a contiguous, row-major array with a type and a shape.
#pragma once

#include <engine/error.h>
#include <engine/types.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace engine {

/// A handle on contiguous row-major elements. Copies share the elements; `clone` does not.
/// Reading from several threads is safe; writing through `mutable_values` is seen by all copies.
class ENGINE_API Tensor {
 public:
  /// No tensor at all: `defined()` is false.
  Tensor() = default;

  /// Zeros, 64-byte aligned. Throws Error (kInvalidArgument) if an extent is negative or the byte
  /// count overflows, and (kResourceExhausted) if memory is short.
  Tensor(DType dtype, Shape shape);

  /// Copies `values`, which must be as many as `shape` has elements.
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values) {
    Tensor tensor(dtype_of<T>, std::move(shape));
    tensor.check_count(static_cast<Index>(values.size()));
    std::copy(values.begin(), values.end(), tensor.mutable_values<T>().begin());
    return tensor;
  }
  template <class T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of<T>(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, {value});
  }

  /// Borrows or shares foreign memory: `data` must hold all elements and live as long as `owner`
  /// (or, if `owner` is null, as long as any copy of the tensor). Nothing is copied.
  static Tensor wrap(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner);

  /// A tensor of strings; `values` must be as many as `shape` has elements.
  static Tensor strings(Shape shape, std::vector<std::string> values);

  bool defined() const noexcept { return defined_; }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  Index rank() const noexcept { return static_cast<Index>(shape_.size()); }
  Index size() const noexcept { return size_; }  ///< number of elements
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(size_) * size_of(dtype_); }

  const void* data() const noexcept { return data_; }
  void* mutable_data() noexcept { return const_cast<void*>(data_); }

  /// The elements as `T`; throws Error (kInvalidArgument) if the element type is another one.
  template <class T>
  std::span<const T> values() const {
    check_type(dtype_of<T>);
    return {static_cast<const T*>(data_), static_cast<std::size_t>(size_)};
  }
  template <class T>
  std::span<T> mutable_values() {
    check_type(dtype_of<T>);
    return {static_cast<T*>(mutable_data()), static_cast<std::size_t>(size_)};
  }
  /// The elements of a string tensor.
  std::span<const std::string> strings() const;

  /// The same elements under another shape of equal element count; shares memory.
  Tensor reshaped(Shape shape) const;
  /// A copy with memory of its own.
  Tensor clone() const;

 private:
  void check_type(DType wanted) const;
  void check_count(Index count) const;

  DType dtype_ = DType::kFloat32;
  bool defined_ = false;
  Shape shape_;
  Index size_ = 0;
  const void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

/// Tensors by name: the inputs or the outputs of a run.
using Tensors = std::map<std::string, Tensor, std::less<>>;

}  // namespace engine
