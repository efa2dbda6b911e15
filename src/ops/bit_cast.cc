// BitCast: the bits of each element as a type of equal width.
//
// Meaning: ONNX BitCast, opset 26. As bool every pattern but zero is true.
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/element_type.h"
#include "ops/moving.h"

namespace engine::ops {
namespace {

// int4 is held in a byte, but is 4 bits wide.
std::size_t bits_of(DType t) noexcept {
  return t == DType::kInt4 || t == DType::kUInt4 ? 4 : 8 * size_of(t);
}

struct BitCast final : MovingOperator {
  DType to = DType::kFloat32;

  std::string_view name() const noexcept override { return "BitCast"; }
  std::string describe() const override { return concat("to=", to_string(to)); }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    const DType from = in.dtype(0);
    ENGINE_VALIDATE(from != DType::kString, "input is string (which has no bits)");
    ENGINE_VALIDATE(bits_of(from) == bits_of(to), "input is ", to_string(from), " of ",
                    bits_of(from), " bits, to is ", to_string(to), " of ", bits_of(to),
                    " (both must be equally wide)");
    TensorType out = in.type(0);
    out.dtype = to;
    return {std::move(out)};
  }

  Fault move(Inputs in, Outputs out) const override {
    const Index count = out[0].size();
    const DType from = in[0].dtype;
    const auto* x = static_cast<const std::uint8_t*>(in[0].data);
    if (to == DType::kBool)
      map(count, x, out[0].as<bool>(), [](std::uint8_t bits) { return bits != 0; });
    else if (to == DType::kInt4 && from != to)
      map(count, x, out[0].as<Int4>(), [](std::uint8_t bits) { return Int4(bits); });
    else if (to == DType::kUInt4 && from != to)
      map(count, x, out[0].as<UInt4>(), [](std::uint8_t bits) { return UInt4(bits); });
    else copy_all(in[0], out[0]);
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_BitCast(const Attributes& attributes) {
  auto op = std::make_shared<BitCast>();
  op->to = element_type(attributes.integer("to"));
  ENGINE_VALIDATE(op->to != DType::kString, "to is string (which has no bits)");
  return op;
}

}  // namespace engine::ops
