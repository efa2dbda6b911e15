#include "base/check.h"
#include "ops/opencl/execution.h"
#include "ops/opencl/moving.h"

#include <algorithm>

namespace engine::opencl {

#define ENGINE_OPENCL_KERNEL(op, family) \
  std::optional<DeviceKernel::Parts> bind_##family(const Device&, const Binding&);
#define ENGINE_OPENCL_PACKED(op, family)                                            \
  std::optional<DeviceKernel::Parts> bind_##family(const Device&, const Binding&);  \
  std::shared_ptr<PackedBuffers> pack_##family(const Device&, const ops::Operator&, \
                                               const ops::Operands&);
#define ENGINE_OPENCL_BLOCKED(op, family) ops::LayoutOffer offer_##family(const Binding&);
#include "ops/opencl/kernels.inc"

namespace {

const KernelDef kKernels[] = {
#define ENGINE_OPENCL_KERNEL(op, family) {#op, bind_##family, nullptr},
#define ENGINE_OPENCL_PACKED(op, family) {#op, bind_##family, pack_##family},
#include "ops/opencl/kernels.inc"
};

struct OfferDef {
  std::string_view op;
  ops::LayoutOffer (*offer)(const Binding& binding);
};
const std::initializer_list<OfferDef> kOffers = {
#define ENGINE_OPENCL_BLOCKED(op, family) {#op, offer_##family},
#include "ops/opencl/kernels.inc"
};

const KernelDef* find_kernel(std::string_view op) {
  const auto it = std::ranges::find(kKernels, op, &KernelDef::op);
  return it == std::end(kKernels) ? nullptr : it;
}

class OpenClBackend final : public ops::Backend {
 public:
  OpenClBackend(std::shared_ptr<Device> device, std::shared_ptr<const ops::Backend> host)
      : device_(std::move(device)), host_(std::move(host)) {}

  std::string name() const override { return "opencl:" + device_->facts().name; }
  std::string other_bits() const override {
    const std::string& reason = device_->other_bits();
    return reason.empty() ? "" : device_->facts().name + " may give other bits: " + reason;
  }

  ops::Hardware hardware() const override {
    const DeviceFacts& facts = device_->facts();
    const char* kernels = device_->variant() == Variant::kFpga ? ", kernels for boards" : "";
    return {facts.name + ", " + facts.platform + kernels, facts.driver};
  }

  std::shared_ptr<const ops::Packed> pack(const ops::Operator& op,
                                          const ops::Operands& in) const override {
    const KernelDef* def = find_kernel(op.name());
    if (def && def->pack)
      if (auto packed = def->pack(*device_, op, in)) return packed;
    auto host = host_->pack(op, in);
    if (!host) return nullptr;
    auto packed = std::make_shared<PackedBuffers>();
    packed->consumed_inputs = host->consumed_inputs;
    packed->host = std::move(host);
    return packed;
  }
  ops::LayoutOffer offer(const Binding& binding) const override {
    const auto it = std::ranges::find(kOffers, binding.op.name(), &OfferDef::op);
    return it == kOffers.end() || packed_by_host(binding) ? ops::LayoutOffer{} : it->offer(binding);
  }
  std::unique_ptr<ops::Kernel> bind_reorder(const ops::Input& from,
                                            const ops::Output& to) const override {
    return std::make_unique<DeviceKernel>(device_, operand_bytes(from), operand_bytes(to),
                                          reorder_parts(*device_, from, to));
  }
  std::unique_ptr<ops::Kernel> bind_copy(std::size_t bytes) const override {
    return std::make_unique<DeviceKernel>(device_, bytes, bytes, copy_parts(*device_, bytes));
  }
  std::size_t alignment() const override { return device_->facts().alignment; }
  bool has_own_memory() const override { return true; }
  std::unique_ptr<ops::DeviceRun> record(const ops::Recording& recording,
                                         Pool& pool) const override {
    return make_warm_run(device_, recording, pool);
  }

 private:
  static const PackedBuffers* packed(const Binding& binding) {
    return static_cast<const PackedBuffers*>(binding.packed);
  }
  static bool packed_by_host(const Binding& binding) {
    return packed(binding) && packed(binding)->host;
  }

  std::unique_ptr<ops::Kernel> bind_kernel(const Binding& binding) const override {
    const KernelDef* def = find_kernel(binding.op.name());
    if (def && !packed_by_host(binding) && fits_ints(binding))
      if (auto parts = def->bind(*device_, binding); parts && has_kernels(*parts))
        return std::make_unique<DeviceKernel>(device_, binding, std::move(*parts));
    ENGINE_REQUIRE(!packed(binding) || packed_by_host(binding) || !packed(binding)->consumed_inputs,
                   ErrorCode::kUnsupported, binding.op.name(), " has no kernel on ", name(),
                   " for operands of this size, and its constants are there (kernels index with 31 "
                   "bits, and windows have 65536 taps at most); use a smaller batch, or --device "
                   "cpu");
    Binding host = binding;
    host.packed = packed_by_host(binding) ? packed(binding)->host.get() : nullptr;
    return std::make_unique<HostKernel>(host_->bind(host), binding);
  }

  bool has_kernels(const DeviceKernel::Parts& parts) const {
    return std::ranges::all_of(
        parts.launches, [&](const Launch& launch) { return device_->has_kernel(launch.kernel); });
  }

  std::shared_ptr<Device> device_;
  std::shared_ptr<const ops::Backend> host_;
};

}  // namespace

std::unique_ptr<ops::Backend> make_backend(std::shared_ptr<Device> device,
                                           std::shared_ptr<const ops::Backend> host) {
  return std::make_unique<OpenClBackend>(std::move(device), std::move(host));
}

}  // namespace engine::opencl
