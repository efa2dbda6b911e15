// A list that lives on the stack while it is short: operators keep one entry per axis in it, and a
// bound call allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

namespace engine {

/// Up to `kInline` elements without memory of their own, more on the heap.
template <class T, std::size_t kInline = 8>
class Small {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Small() = default;
  explicit Small(std::size_t count, const T& value = {}) {
    for (std::size_t i = 0; i < count; ++i) push_back(value);
  }
  Small(std::initializer_list<T> values)
      : Small(std::span<const T>(values.begin(), values.size())) {}
  explicit Small(std::span<const T> values) {
    for (const T& value : values) push_back(value);
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T* data() noexcept { return size_ <= kInline ? near_ : far_.data(); }
  const T* data() const noexcept { return size_ <= kInline ? near_ : far_.data(); }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size_; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size_; }
  T& operator[](std::size_t i) noexcept { return data()[i]; }
  const T& operator[](std::size_t i) const noexcept { return data()[i]; }
  T& back() noexcept { return data()[size_ - 1]; }
  const T& back() const noexcept { return data()[size_ - 1]; }

  void push_back(const T& value) {
    const T kept = value;  // may be one of our own
    if (size_ == kInline) far_.assign(near_, near_ + kInline);
    if (size_ >= kInline) far_.push_back(kept);
    else near_[size_] = kept;
    ++size_;
  }
  void pop_back() noexcept { erase(end() - 1); }
  void erase(const T* position) noexcept {
    const auto at = static_cast<std::size_t>(position - data());
    std::copy(data() + at + 1, data() + size_, data() + at);
    if (--size_ == kInline) std::copy_n(far_.data(), kInline, near_);
    else if (size_ > kInline) far_.pop_back();
  }

 private:
  std::size_t size_ = 0;
  T near_[kInline];
  std::vector<T> far_;
};

}  // namespace engine
