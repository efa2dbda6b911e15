// Loops of independent multiply-adds in registers, one for each instruction set.
#pragma once

#include "base/cpu_features.h"

namespace engine::tuning {

/// Runs `rounds` rounds; returns the multiply-adds done. The results go nowhere.
using FmaLoop = double (*)(long rounds);

/// The loop for an instruction set, or null if this build has none.
FmaLoop fma_loop(Isa isa) noexcept;

}  // namespace engine::tuning
