// Operators that move runs of elements to places that their shapes alone decide, any element type
// but string.
#include "ops/copy_walks.h"
#include "ops/cpu/copy.h"

namespace engine::cpu {
namespace {

std::unique_ptr<Kernel> bind_walks(const char* name, const Binding& binding,
                                   const std::optional<ops::CopyWalks>& walks) {
  if (!walks) return nullptr;
  const auto bytes = static_cast<Index>(size_of(binding.in[0].dtype));
  std::vector<CopyOperand> operands;
  for (const ops::CopyWalk& walk : *walks)
    operands.push_back(
        {walk.in, walk.out, CopyPlan(walk.axes, bytes, walk.from_start, walk.to_start)});
  return make_copy_kernel(name, std::move(operands));
}

}  // namespace

std::unique_ptr<Kernel> bind_concat(const Binding& binding, Isa) {
  return bind_walks("concat", binding, ops::concat_walks(binding));
}
std::unique_ptr<Kernel> bind_split(const Binding& binding, Isa) {
  return bind_walks("split", binding, ops::split_walks(binding));
}
std::unique_ptr<Kernel> bind_slice(const Binding& binding, Isa) {
  return bind_walks("slice", binding, ops::slice_walks(binding));
}
std::unique_ptr<Kernel> bind_expand(const Binding& binding, Isa) {
  return bind_walks("expand", binding, ops::expand_walks(binding));
}

}  // namespace engine::cpu
