// And, Or, Xor (operands broadcast together) and Not on bools.
//
// Meaning: ONNX And, Or, Xor (opset 7), Not (opset 1).
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

void require_bool(const Operands& in, Index i, const char* name) {
  require_type(
      in, i, name, [](DType t) { return t == DType::kBool; }, "bool");
}

// Bit operations, not && and ||: no branch per element.
struct AndOf {
  static constexpr const char* kName = "And";
  bool operator()(bool a, bool b) const noexcept { return a & b; }
};
struct OrOf {
  static constexpr const char* kName = "Or";
  bool operator()(bool a, bool b) const noexcept { return a | b; }
};
struct XorOf {
  static constexpr const char* kName = "Xor";
  bool operator()(bool a, bool b) const noexcept { return a ^ b; }
};

template <class F>
struct Logical final : MovingOperator {
  std::string_view name() const noexcept override { return F::kName; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_bool(in, 0, "A");
    require_bool(in, 1, "B");
    return {broadcast_type(in, DType::kBool)};
  }

  Fault move(Inputs in, Outputs out) const override {
    broadcast_map(out[0].shape(), in[0].shape(), in[0].as<bool>(), in[1].shape(), in[1].as<bool>(),
                  out[0].as<bool>(), F{});
    return kNoFault;
  }
};

struct Not final : MovingOperator {
  std::string_view name() const noexcept override { return "Not"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_bool(in, 0, "X");
    return {in.type(0)};
  }

  Fault move(Inputs in, Outputs out) const override {
    // As bytes, which a compiler turns into vectors; a bool is 0 or 1.
    map(out[0].size(), static_cast<const unsigned char*>(in[0].data),
        static_cast<unsigned char*>(out[0].data),
        [](unsigned char x) { return static_cast<unsigned char>(x ^ 1); });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_And(const Attributes&) { return std::make_shared<Logical<AndOf>>(); }
OperatorPtr make_Or(const Attributes&) { return std::make_shared<Logical<OrOf>>(); }
OperatorPtr make_Xor(const Attributes&) { return std::make_shared<Logical<XorOf>>(); }
OperatorPtr make_Not(const Attributes&) { return std::make_shared<Not>(); }

}  // namespace engine::ops
