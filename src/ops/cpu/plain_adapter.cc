#include "ops/cpu/plain_adapter.h"

#include "base/aligned.h"
#include "ops/reorder.h"

#include <algorithm>

namespace engine::cpu {
namespace {

using ops::Binding;
using ops::Call;
using ops::Fault;
using ops::Kernel;

constexpr std::size_t kMostOperands = 8;

class PlainAdapter final : public Kernel {
 public:
  template <class Bind>
  PlainAdapter(const Binding& binding, const ops::LayoutOffer& offer, const Bind& bind) {
    std::vector<ops::Input> in(binding.in.begin(), binding.in.end());
    std::vector<ops::Output> out(binding.out.begin(), binding.out.end());
    ENGINE_EXPECT(in.size() <= kMostOperands && out.size() == 1);
    inputs_ = in.size();
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!(offer.inputs >> i & 1u)) continue;
      in[i].layout = {true, i == 0 ? offer.border : ops::Border{}};
      copies_[i] = {
          ops::bind_reorder(binding.in[i], {in[i].dtype, in[i].extents, nullptr, in[i].layout}),
          bytes_};
      bytes_ += whole_lines(ops::blocked_bytes(in[i].shape(), in[i].layout));
    }
    out[0].layout = {true, {}};
    output_ = {
        ops::bind_reorder({out[0].dtype, out[0].extents, nullptr, out[0].layout}, binding.out[0]),
        bytes_};
    bytes_ += whole_lines(ops::blocked_bytes(out[0].shape(), out[0].layout));
    kernel_ = bind({binding.op, in, out, binding.packed, binding.threads, binding.tuning});
  }

  Fault run(const Call& call) const noexcept override {
    const void* in[kMostOperands];
    for (std::size_t i = 0; i < inputs_; ++i) {
      in[i] = call.in[i];
      if (!copies_[i].kernel) continue;
      void* copy = call.scratch + copies_[i].offset;
      copies_[i].kernel->run({&call.in[i], &copy, nullptr, call.pool});
      in[i] = copy;
    }
    void* out = call.scratch + output_.offset;
    const Fault fault = kernel_->run({in, &out, call.scratch + bytes_, call.pool});
    if (!fault.ok()) return fault;
    const void* made = out;
    return output_.kernel->run({&made, call.out, nullptr, call.pool});
  }
  std::size_t scratch_bytes(int threads) const noexcept override {
    return bytes_ + kernel_->scratch_bytes(threads);
  }
  std::string name() const override { return kernel_->name(); }
  std::optional<ops::Tunable> tunable() const override { return kernel_->tunable(); }

 private:
  struct Copy {
    std::unique_ptr<Kernel> kernel;
    std::size_t offset = 0;  // in the scratch
  };
  Copy copies_[kMostOperands], output_;
  std::size_t inputs_ = 0, bytes_ = 0;
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace

std::unique_ptr<Kernel> adapt_to_plain(
    const Binding& binding, const ops::LayoutOffer& offer,
    const std::function<std::unique_ptr<Kernel>(const Binding&)>& bind) {
  ENGINE_REQUIRE(offer.inputs, ErrorCode::kInternal, binding.op.name(),
                 " has no kernel for these shapes");
  return std::make_unique<PlainAdapter>(binding, offer, bind);
}

}  // namespace engine::cpu
