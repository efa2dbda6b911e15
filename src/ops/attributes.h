// The attributes of a node while its operator is being made.
#pragma once

#include "base/check.h"

#include <engine/tensor.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engine::ops {

using Attribute = std::variant<Index, float, std::string, Tensor, std::vector<Index>,
                               std::vector<float>, std::vector<std::string>>;

/// Attributes by name with typed access. A wrong type throws Error (kInvalidModel): "attribute
/// strides is a string, a list of ints needed"; so does a missing one that has no default.
class Attributes {
 public:
  void set(std::string name, Attribute value) { values_[std::move(name)] = std::move(value); }
  void erase(std::string_view name);
  bool has(std::string_view name) const { return values_.contains(name); }

  Index integer(std::string_view name) const { return require<Index>(name); }
  Index integer(std::string_view name, Index otherwise) const { return get(name, otherwise); }
  bool flag(std::string_view name, bool otherwise) const {
    const Index value = get<Index>(name, otherwise);
    ENGINE_VALIDATE(value == 0 || value == 1, "attribute ", name, " is ", value,
                    " (0 or 1 needed)");
    return value == 1;
  }
  float number(std::string_view name) const { return require<float>(name); }
  float number(std::string_view name, float otherwise) const { return get(name, otherwise); }
  std::string text(std::string_view name) const { return require<std::string>(name); }
  std::string text(std::string_view name, const char* otherwise) const {
    return get(name, std::string(otherwise));
  }
  Tensor tensor(std::string_view name) const { return require<Tensor>(name); }
  std::vector<Index> integers(std::string_view name) const {
    return require<std::vector<Index>>(name);
  }
  std::vector<Index> integers(std::string_view name, std::vector<Index> otherwise) const {
    return get(name, std::move(otherwise));
  }
  std::vector<float> numbers(std::string_view name, std::vector<float> otherwise = {}) const {
    return get(name, std::move(otherwise));
  }
  std::vector<std::string> texts(std::string_view name,
                                 std::vector<std::string> otherwise = {}) const {
    return get(name, std::move(otherwise));
  }

  const std::map<std::string, Attribute, std::less<>>& all() const noexcept { return values_; }

 private:
  template <class T>
  T require(std::string_view name) const;
  template <class T>
  T get(std::string_view name, T otherwise) const {
    return has(name) ? require<T>(name) : otherwise;
  }

  std::map<std::string, Attribute, std::less<>> values_;
};

}  // namespace engine::ops
