#include "ops/cpu/elementwise_blocked.h"

#include "ops/cpu/blocked_rows.h"

namespace engine::cpu {
namespace {

ops::BlockedView view_of(const ops::Input& x) { return {x.shape(), x.layout}; }
ops::BlockedView view_of(const ops::Output& y) { return {y.shape(), y.layout}; }

class BlockedUnary final : public Kernel {
 public:
  BlockedUnary(const Binding& binding, const ops::Unary& op, UnaryFunction function, Isa isa)
      : x_(view_of(binding.in[0])),
        y_(view_of(binding.out[0])),
        op_(op),
        function_(function),
        isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const float* x = static_cast<const float*>(call.in[0]);
    float* y = static_cast<float*>(call.out[0]);
    const Index each = y_.width * y_.block;
    for_each_row(call.pool, y_, y, each, [&](Index n, Index j, Index row) {
      function_(op_.f, op_.a, op_.b, each, x + x_.offset(n, j, row, 0),
                y + y_.offset(n, j, row, 0));
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index input) const noexcept override { return input == 0; }
  std::string name() const override { return kernel_name("unary_blocked", isa_); }

 private:
  ops::BlockedView x_, y_;
  const ops::Unary& op_;
  UnaryFunction function_;
  Isa isa_;
};

class BlockedBinary final : public Kernel {
 public:
  BlockedBinary(const Binding& binding, ops::BinaryKind kind, BinaryFunction function, Isa isa)
      : a_(view_of(binding.in[0])),
        b_(view_of(binding.in[1])),
        y_(view_of(binding.out[0])),
        kind_(kind),
        function_(function),
        isa_(isa) {}

  Fault run(const Call& call) const noexcept override {
    const float* a = static_cast<const float*>(call.in[0]);
    const float* b = static_cast<const float*>(call.in[1]);
    float* y = static_cast<float*>(call.out[0]);
    const Index each = y_.width * y_.block;
    for_each_row(call.pool, y_, y, each, [&](Index n, Index j, Index row) {
      function_(kind_, each, a + a_.offset(n, j, row, 0), 1, b + b_.offset(n, j, row, 0), 1,
                y + y_.offset(n, j, row, 0));
    });
    return ops::kNoFault;
  }
  bool may_overwrite(Index) const noexcept override { return true; }
  std::string name() const override { return kernel_name("binary_blocked", isa_); }

 private:
  ops::BlockedView a_, b_, y_;
  ops::BinaryKind kind_;
  BinaryFunction function_;
  Isa isa_;
};

}  // namespace

ops::LayoutOffer offer_unary(const Binding& binding) {
  const ops::Input& x = binding.in[0];
  if (!dynamic_cast<const ops::Unary*>(&binding.op) || x.dtype != DType::kFloat32 ||
      !ops::can_block(x.shape()))
    return {};
  return {.inputs = 1, .output = true};
}

ops::LayoutOffer offer_binary(const Binding& binding) {
  if (binding.in.size() != 2 || binding.in[0].dtype != DType::kFloat32 ||
      binding.in[1].dtype != DType::kFloat32 || !ops::can_block(binding.in[0].shape()) ||
      binding.in[0].shape() != binding.in[1].shape())
    return {};
  if (const auto* op = dynamic_cast<const ops::Variadic*>(&binding.op); op && op->mean) return {};
  return {.inputs = 3, .output = true};
}

std::unique_ptr<Kernel> bind_unary_blocked(const Binding& binding, const ops::Unary& op,
                                           UnaryFunction function, Isa isa) {
  return std::make_unique<BlockedUnary>(binding, op, function, isa);
}

std::unique_ptr<Kernel> bind_binary_blocked(const Binding& binding, ops::BinaryKind kind,
                                            BinaryFunction function, Isa isa) {
  return std::make_unique<BlockedBinary>(binding, kind, function, isa);
}

}  // namespace engine::cpu
