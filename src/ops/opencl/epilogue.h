// Fused epilogues: bounds go into the kernel, any other activation is a launch behind it, with the
// same bits.
#pragma once

#include "ops/epilogue.h"
#include "ops/opencl/unary.h"

#include <limits>

namespace engine::opencl {

/// What a kernel applies last; infinite where there is no bound.
struct Bounds {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

/// The bounds that an activation is, or nothing if it is another function.
inline std::optional<Bounds> bounds_of(const ops::Epilogue& e) {
  using numerics::Activation;
  switch (e.activation) {
    case Activation::kIdentity: return Bounds{};
    case Activation::kRelu: return Bounds{.low = 0.0f};
    case Activation::kClip: return Bounds{e.a, e.b};
    default: return std::nullopt;
  }
}

}  // namespace engine::opencl
