// The scalar text of the normalizations that compute their own statistics.
#pragma once

#include "numerics/contract.h"
#include "ops/operator.h"

#include <cmath>

namespace engine::ops {

template <class Real>
struct Moments {
  Real mean, inverse;  ///< normalized = (x - mean) * inverse
  Real var;            ///< of the population
};

/// Of x [n], in lane order; with `rms` the mean counts as 0.
template <class Real, class T>
Moments<Real> moments(const T* x, Index n, float epsilon, bool rms) {
  const Real count = static_cast<Real>(n);
  const Real mean =
      rms ? Real(0)
          : numerics::lane_sum<Real>(n, [&](Index i) { return static_cast<Real>(x[i]); }) / count;
  Real lanes[numerics::kLanes] = {};
  for (Index i = 0; i < n; ++i) {
    Real& lane = lanes[i % numerics::kLanes];
    const Real d = rms ? static_cast<Real>(x[i]) : static_cast<Real>(x[i]) - mean;
    lane = std::fma(d, d, lane);
  }
  const Real var = numerics::add_lanes(lanes) / count;
  return {mean, Real(1) / std::sqrt(var + static_cast<Real>(epsilon)), var};
}

/// Element `i` of a float tensor of any type.
template <class Real>
Real float_element(const Input& input, Index i) {
  return dispatch_float(input.dtype, [&](auto tag) {
    return static_cast<Real>(input.as<typename decltype(tag)::type>()[i]);
  });
}

/// Offsets into an operand that is broadcast to x, by flat position in x.
class BroadcastOffsets {
 public:
  BroadcastOffsets(const Shape& shape, const Shape& to)
      : to_(to), strides_(broadcast_strides(shape, to)) {
    // The usual case: all of the trailing axes, or just one value.
    period_ = product(shape, 0, static_cast<Index>(shape.size()));
    const std::size_t skip = to.size() - shape.size();
    for (std::size_t i = 0; i < shape.size(); ++i)
      if (period_ != 1 && shape[i] != to[skip + i]) period_ = 0;
  }
  Index operator()(Index flat) const noexcept {
    if (period_ > 0) return flat % period_;
    Index offset = 0;
    for (std::size_t i = to_.size(); i-- > 0;) {
      offset += flat % to_[i] * strides_[i];
      flat /= to_[i];
    }
    return offset;
  }

 private:
  const Shape& to_;
  Shape strides_;
  Index period_;
};

}  // namespace engine::ops
