#include "ops/dropout.h"

#include "ops/attributes.h"

namespace engine::ops {
namespace {

// Whether the scalar is known to be zero; unknown values are not.
bool known_zero(const Operand& operand) {
  if (!operand.value || operand.value->size() != 1) return false;
  const Input scalar = view(*operand.value);
  return dispatch_all(scalar.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return *scalar.as<T>() == 0;
  });
}

}  // namespace

std::vector<TensorType> Dropout::infer(const Operands& in, Index outputs) const {
  require_type(in, 0, "data", is_float, "a float type");
  if (in.has(1)) require_type(in, 1, "ratio", is_float, "a float type");
  if (in.has(2)) {
    require_type(
        in, 2, "training_mode", [](DType t) { return t == DType::kBool; }, "bool");
    ENGINE_REQUIRE(known_zero(in[2]) || (in.has(1) && known_zero(in[1])), ErrorCode::kUnsupported,
                   "training_mode is not the constant false (only inference is supported)");
  }
  std::vector<TensorType> types = {in.type(0)};
  if (outputs > 1) {
    types.push_back(in.type(0));
    types.back().dtype = DType::kBool;
  }
  return types;
}

Fault Dropout::move(Inputs in, Outputs out) const {
  if (out[0]) copy_all(in[0], out[0]);
  if (out.size() > 1 && out[1]) std::fill_n(out[1].as<bool>(), out[1].size(), true);
  return kNoFault;
}

OperatorPtr make_Dropout(const Attributes&) { return std::make_shared<Dropout>(); }

}  // namespace engine::ops
