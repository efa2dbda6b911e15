// Vector kernels of reductions, for the operators that reduce.
#pragma once

#include "ops/cpu/kernel.h"
#include "ops/reduce.h"

namespace engine::cpu {

/// y = reduction of x, both float32, in the order that ops/reduce.h states.
std::unique_ptr<Kernel> make_reduction(ops::ReduceLayout layout, ops::Step step, ops::Finish finish,
                                       Isa isa);

}  // namespace engine::cpu
