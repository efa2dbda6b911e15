// The activations of activation.inc by name, and their scalar instance.
#pragma once

#include <cstdint>

namespace engine::numerics {

/// Functions of one float32 with at most two attributes, in the order of activation.inc.
/// ENGINE_ACTIVATION(enumerator, function).
#define ENGINE_ACTIVATIONS(ENGINE_ACTIVATION)             \
  ENGINE_ACTIVATION(kIdentity, p_identity)                \
  ENGINE_ACTIVATION(kRelu, p_relu)                        \
  ENGINE_ACTIVATION(kLeakyRelu, p_leaky_relu)             \
  ENGINE_ACTIVATION(kClip, p_clip)                        \
  ENGINE_ACTIVATION(kSigmoid, p_sigmoid_activation)       \
  ENGINE_ACTIVATION(kTanh, p_tanh_activation)             \
  ENGINE_ACTIVATION(kHardSigmoid, p_hard_sigmoid)         \
  ENGINE_ACTIVATION(kHardSwish, p_hard_swish)             \
  ENGINE_ACTIVATION(kSwish, p_swish)                      \
  ENGINE_ACTIVATION(kSoftplus, p_softplus_activation)     \
  ENGINE_ACTIVATION(kMish, p_mish)                        \
  ENGINE_ACTIVATION(kSoftsign, p_softsign)                \
  ENGINE_ACTIVATION(kGelu, p_gelu_activation)             \
  ENGINE_ACTIVATION(kGeluTanh, p_gelu_tanh_activation)    \
  ENGINE_ACTIVATION(kElu, p_elu)                          \
  ENGINE_ACTIVATION(kSelu, p_selu)                        \
  ENGINE_ACTIVATION(kCelu, p_celu)                        \
  ENGINE_ACTIVATION(kThresholdedRelu, p_thresholded_relu) \
  ENGINE_ACTIVATION(kExp, p_exp_activation)               \
  ENGINE_ACTIVATION(kLog, p_log_activation)               \
  ENGINE_ACTIVATION(kErf, p_erf_activation)               \
  ENGINE_ACTIVATION(kSqrt, p_sqrt)                        \
  ENGINE_ACTIVATION(kReciprocal, p_reciprocal)            \
  ENGINE_ACTIVATION(kAbs, p_abs)                          \
  ENGINE_ACTIVATION(kNeg, p_neg)                          \
  ENGINE_ACTIVATION(kFloor, p_floor)                      \
  ENGINE_ACTIVATION(kCeil, p_ceil)                        \
  ENGINE_ACTIVATION(kAffine, p_affine)

enum class Activation : std::uint8_t {
#define ENGINE_ACTIVATION(name, function) name,
  ENGINE_ACTIVATIONS(ENGINE_ACTIVATION)
#undef ENGINE_ACTIVATION
};

/// The contract's float32 value.
float activate(Activation f, float x, float a, float b) noexcept;

/// The same function in double, from the defining formula.
double activate(Activation f, double x, double a, double b) noexcept;

}  // namespace engine::numerics
