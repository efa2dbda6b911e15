// How CPU kernels are found: one line per operator in kernels.inc.
#pragma once

#include "base/cpu_features.h"
#include "ops/backend.h"

namespace engine::cpu {

using ops::Binding;
using ops::Call;
using ops::Fault;
using ops::Kernel;
using ops::Packed;

/// Vector kernels of one operator. `bind` may return null (an element type it has no kernel for):
/// then the operator's own `evaluate` runs, which has the same bits.
struct KernelDef {
  std::string_view op;
  std::unique_ptr<Kernel> (*bind)(const Binding& binding, Isa isa);
  std::shared_ptr<const Packed> (*pack)(const ops::Operator& op, const ops::Operands& in);
};

/// The backend for one instruction set.
std::unique_ptr<ops::Backend> make_backend(Isa isa);

/// "name[avx512]".
inline std::string kernel_name(const char* name, Isa isa) {
  return std::string(name) + "[" + to_string(isa) + "]";
}

}  // namespace engine::cpu
