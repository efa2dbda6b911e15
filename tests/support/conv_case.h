// Convolutions by their sizes.
#pragma once

#include "support/operator_case.h"

#include "numerics/activation.h"

namespace engine::test {

/// x [batch, channels, image..], filters of `kernel`.
struct ConvSize {
  Index channels;
  Shape image;
  Index filters;
  Shape kernel;
  Index group = 1;
  std::vector<std::pair<std::string, ops::Attribute>> attributes = {};  ///< but for kernel_shape
  bool bias = true;
  bool computed_weights = false;
  Index winograd = 0;  ///< tile of Winograd's form, 0: the direct form
};

OperatorCase conv_case(const ConvSize& size, Index batch, bool residual = false,
                       numerics::Activation activation = numerics::Activation::kIdentity);

}  // namespace engine::test
