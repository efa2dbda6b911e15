// Scalar inputs of any number type whose value decides a shape.
#pragma once

#include "ops/numeric_cast.h"
#include "ops/operator.h"

#include <optional>

namespace engine::ops {

/// The only element of an input as `T`, if it is known; throws if there are none or several.
template <class T>
std::optional<T> known_scalar(const Operands& in, Index i, const char* name) {
  const Tensor* value = in[i].value;
  if (!value) return std::nullopt;
  ENGINE_VALIDATE(value->size() == 1, name, " has ", value->size(), " elements, 1 needed");
  return dispatch_number(value->dtype(), [&](auto tag) {
    using From = typename decltype(tag)::type;
    return std::optional<T>(numeric_cast<T>(value->values<From>()[0]));
  });
}

}  // namespace engine::ops
