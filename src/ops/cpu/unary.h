// Activations over runs of elements.
#pragma once

#include "base/cpu_features.h"
#include "numerics/activation.h"

#include <engine/types.h>

namespace engine::cpu {

/// y[i] = f(x[i]) for n elements; x and y may be the same.
using ActivationFunction = void (*)(numerics::Activation f, float a, float b, Index n,
                                    const float* x, float* y) noexcept;

ActivationFunction activation_function(Isa isa);

}  // namespace engine::cpu
