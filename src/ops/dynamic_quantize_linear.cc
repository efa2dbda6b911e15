// Quantisation to uint8 with a scale taken from the data (of the whole tensor, batch included):
//   low = min(0, min x), high = max(0, max x), scale = (high - low) / 255 (1 / 255 if that is 0)
//   zero = round(clamp(-low / scale)),  y = saturate(round(x / scale) + zero),  halves to even
// In float32 both as reference and as contract, since the rounding must agree.
// Meaning: ONNX DynamicQuantizeLinear, opset 11.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/requantize.h"

#include <algorithm>

namespace engine::ops {
namespace {

struct DynamicQuantizeLinear : ComputingOperator<DynamicQuantizeLinear> {
  std::string_view name() const noexcept override { return "DynamicQuantizeLinear"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "x", is_float32, "float32");
    TensorType y = in.type(0);
    y.dtype = DType::kUInt8;
    return {y, TensorType(DType::kFloat32, Dims{}), TensorType(DType::kUInt8, Dims{})};
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    const float* x = in[0].as<float>();
    const Index size = in[0].size();
    float low = 0, high = 0;
    for (Index i = 0; i < size; ++i) {
      low = x[i] < low ? x[i] : low;
      high = x[i] > high ? x[i] : high;
    }
    const float scale = (high == low ? 1.0f : high - low) / 255.0f;
    const auto zero = round_to<std::uint8_t>(-low / scale, 0);
    std::uint8_t* y = out[0].as<std::uint8_t>();
    for (Index i = 0; i < size; ++i) y[i] = round_to<std::uint8_t>(x[i] / scale, zero);
    if (out.size() > 1 && out[1]) *out[1].as<float>() = scale;
    if (out.size() > 2 && out[2]) *out[2].as<std::uint8_t>() = zero;
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_DynamicQuantizeLinear(const Attributes&) {
  return std::make_shared<DynamicQuantizeLinear>();
}

}  // namespace engine::ops
