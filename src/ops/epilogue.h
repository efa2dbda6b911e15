// What is fused behind a Conv or a Dense: bias, residual, activation, in this order, each rounded.
#pragma once

#include "numerics/activation.h"

#include <string>

namespace engine::ops {

struct Epilogue {
  bool residual = false;  ///< the node's last input is added to the result
  numerics::Activation activation = numerics::Activation::kIdentity;
  float a = 0, b = 0;           ///< attributes of the activation
  std::string activation_name;  ///< the operator it was, for people

  /// `bias` and `residual_value` point at one element each, or are null.
  template <class Real, class T>
  Real apply(Real sum, const T* bias, const T* residual_value) const {
    if (bias) sum = sum + static_cast<Real>(*bias);
    if (residual_value) sum = sum + static_cast<Real>(*residual_value);
    return numerics::activate(activation, sum, static_cast<Real>(a), static_cast<Real>(b));
  }

  std::string describe() const {
    return std::string(residual ? "+residual" : "") +
           (activation_name.empty() ? "" : "+" + activation_name);
  }
};

}  // namespace engine::ops
