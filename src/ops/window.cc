// Window functions y [size]: y[i] = a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n), where n is size
// (periodic) or size - 1 (symmetric); the only value of a symmetric window of size 1 is 1.
//   HannWindow  0.5, 0.5, 0   HammingWindow  25/46, 21/46, 0   BlackmanWindow  0.42, 0.5, 0.08
// Computed in double and rounded once, by both implementations. Meaning: ONNX, opset 17.
#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/element_type.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <array>

namespace engine::ops {
namespace {

bool is_index(DType t) { return t == DType::kInt64 || t == DType::kInt32; }

struct Window : ComputingOperator<Window> {
  const char* title = "";
  std::array<double, 3> a{};
  bool periodic = true;
  DType dtype = DType::kFloat32;

  std::string_view name() const noexcept override { return title; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "size", is_index, "int64 or int32");
    const auto size = in.extents(0);
    if (!size) return {TensorType(dtype, Dims{Dim::unknown()})};
    ENGINE_VALIDATE(size->size() == 1, "size has ", size->size(), " values, 1 needed");
    ENGINE_VALIDATE(!(*size)[0].known() || (*size)[0].value() >= 0, "size is ", (*size)[0].value(),
                    " (must not be negative)");
    return {TensorType(dtype, Dims{(*size)[0]})};
  }

  template <class>
  Fault compute(Inputs, Outputs out) const {
    const Index size = out[0].size(), n = periodic ? size : size - 1;
    dispatch_number(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (Index i = 0; i < size; ++i) {
        constexpr double kTwoPi = 6.283185307179586;
        const double angle = kTwoPi * static_cast<double>(i) / static_cast<double>(n);
        const double value = n == 0 ? 1.0
                                    : a[0] - a[1] * numerics::cos(angle) +
                                          (a[2] != 0 ? a[2] * numerics::cos(2 * angle) : 0.0);
        out[0].as<T>()[i] = store<T>(value);
      }
    });
    return kNoFault;
  }
};

OperatorPtr make(const Attributes& attributes, const char* title, std::array<double, 3> a) {
  auto op = std::make_shared<Window>();
  op->title = title;
  op->a = a;
  op->periodic = attributes.flag("periodic", true);
  op->dtype = element_type(attributes.integer("output_datatype", 1));
  ENGINE_VALIDATE(is_number(op->dtype), "output_datatype is ", to_string(op->dtype),
                  " (a number type needed)");
  return op;
}

}  // namespace

OperatorPtr make_HannWindow(const Attributes& attributes) {
  return make(attributes, "HannWindow", {0.5, 0.5, 0.0});
}
OperatorPtr make_HammingWindow(const Attributes& attributes) {
  return make(attributes, "HammingWindow", {25.0 / 46.0, 1.0 - 25.0 / 46.0, 0.0});
}
OperatorPtr make_BlackmanWindow(const Attributes& attributes) {
  return make(attributes, "BlackmanWindow", {0.42, 0.5, 0.08});
}

}  // namespace engine::ops
