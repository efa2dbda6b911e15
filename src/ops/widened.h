// Operands of any number type as one type, for operators that mix types: a loop for each pair of
// types would be a hundred loops.
#pragma once

#include "base/small.h"
#include "ops/numeric_cast.h"
#include "ops/operator.h"

namespace engine::ops {

/// The elements of x as Es.
template <class E>
Small<E> widened(const Input& x) {
  Small<E> wide;
  dispatch_number(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (Index i = 0; i < x.size(); ++i) wide.push_back(numeric_cast<E>(x.as<T>()[i]));
  });
  return wide;
}

/// Bytes that this takes while it grows.
template <class E>
std::size_t widened_bytes(const Input& x) {
  return 2 * static_cast<std::size_t>(x.size()) * sizeof(E);
}

}  // namespace engine::ops
