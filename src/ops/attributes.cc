#include "ops/attributes.h"

namespace engine::ops {
namespace {

struct KindName {
  const char* operator()(const Index&) const { return "an int"; }
  const char* operator()(const float&) const { return "a float"; }
  const char* operator()(const std::string&) const { return "a string"; }
  const char* operator()(const Tensor&) const { return "a tensor"; }
  const char* operator()(const std::vector<Index>&) const { return "a list of ints"; }
  const char* operator()(const std::vector<float>&) const { return "a list of floats"; }
  const char* operator()(const std::vector<std::string>&) const { return "a list of strings"; }
};

}  // namespace

void Attributes::erase(std::string_view name) {
  if (const auto it = values_.find(name); it != values_.end()) values_.erase(it);
}

template <class T>
T Attributes::require(std::string_view name) const {
  const auto it = values_.find(name);
  ENGINE_VALIDATE(it != values_.end(), "attribute ", name, " is required");
  if (const T* value = std::get_if<T>(&it->second)) return *value;
  fail(ErrorCode::kInvalidModel, "attribute ", name, " is ", std::visit(KindName{}, it->second),
       ", ", KindName{}(T{}), " needed");
}

template Index Attributes::require(std::string_view) const;
template float Attributes::require(std::string_view) const;
template std::string Attributes::require(std::string_view) const;
template Tensor Attributes::require(std::string_view) const;
template std::vector<Index> Attributes::require(std::string_view) const;
template std::vector<float> Attributes::require(std::string_view) const;
template std::vector<std::string> Attributes::require(std::string_view) const;

}  // namespace engine::ops
