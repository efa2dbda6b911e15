#include "ops/cpu/conv_blocked.h"
#include "ops/cpu/elementwise_blocked.h"
#include "ops/cpu/machine.h"
#include "ops/cpu/pooling_blocked.h"

#include <algorithm>
#include <array>

namespace engine::cpu {

#define ENGINE_CPU_KERNEL(op, family) \
  std::unique_ptr<Kernel> bind_##family(const Binding& binding, Isa isa);
#define ENGINE_CPU_PACKED(op, family)                                     \
  std::unique_ptr<Kernel> bind_##family(const Binding& binding, Isa isa); \
  std::shared_ptr<const Packed> pack_##family(const ops::Operator& op, const ops::Operands& in);
#include "ops/cpu/kernels.inc"

namespace {

const KernelDef kKernels[] = {
#define ENGINE_CPU_KERNEL(op, family) {#op, bind_##family, nullptr},
#define ENGINE_CPU_PACKED(op, family) {#op, bind_##family, pack_##family},
#include "ops/cpu/kernels.inc"
};

struct OfferDef {
  std::string_view op;
  ops::LayoutOffer (*offer)(const Binding& binding);
};
const OfferDef kOffers[] = {
#define ENGINE_CPU_BLOCKED(op, family) {#op, offer_##family},
#include "ops/cpu/kernels.inc"
};

const KernelDef* find_kernel(std::string_view op) {
  const auto it = std::ranges::find(kKernels, op, &KernelDef::op);
  return it == std::end(kKernels) ? nullptr : it;
}

class CpuBackend final : public ops::Backend {
 public:
  explicit CpuBackend(Isa isa) : isa_(isa) {}

  std::string name() const override { return std::string("cpu:") + to_string(isa_); }

  std::shared_ptr<const Packed> pack(const ops::Operator& op,
                                     const ops::Operands& in) const override {
    const KernelDef* def = find_kernel(op.name());
    return def && def->pack ? def->pack(op, in) : nullptr;
  }
  ops::LayoutOffer offer(const Binding& binding) const override {
    const auto it = std::ranges::find(kOffers, binding.op.name(), &OfferDef::op);
    return it == std::end(kOffers) ? ops::LayoutOffer{} : it->offer(binding);
  }
  /// The other half of the cache is for weights and for what kernels keep.
  std::size_t near_bytes() const override {
    return static_cast<std::size_t>(level2_floats()) * sizeof(float) / 2;
  }

 private:
  std::unique_ptr<Kernel> bind_kernel(const Binding& binding) const override {
    for (const KernelDef& def : kKernels)
      if (def.op == binding.op.name())
        if (auto kernel = def.bind(binding, isa_)) return kernel;
    return ops::bind_operator(binding, false);
  }

  Isa isa_;
};

}  // namespace

std::unique_ptr<ops::Backend> make_backend(Isa isa) { return std::make_unique<CpuBackend>(isa); }

}  // namespace engine::cpu
