// Lp norm of each window, or of all spatial positions: y = (sum |x|^p)^(1/p).
//   x  [n, c, spatial..]   y  [n, c, windows..], or [n, c, 1..] for GlobalLpPool
// The sum is one chain from +0 over the window's positions in row-major order; padding adds
// nothing. p = 1 and p = 2 need no pow. Meaning: ONNX LpPool and GlobalLpPool, opset 22.
#include "numerics/elementary.h"
#include "ops/operator.h"
#include "ops/spatial.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

template <class Real>
Real add_power(Real sum, Real value, Index p) {
  if (p == 1) return sum + std::abs(value);
  if (p == 2) return std::fma(value, value, sum);
  return sum + numerics::pow(std::abs(value), static_cast<Real>(p));
}

template <class Real>
Real root(Real sum, Index p) {
  if (p == 1) return sum;
  if (p == 2) return std::sqrt(sum);
  return numerics::pow(sum, Real(1) / static_cast<Real>(p));
}

struct LpPool : ComputingOperator<LpPool> {
  Spatial spatial;
  Index p = 2;
  bool global = false;

  std::string_view name() const noexcept override { return global ? "GlobalLpPool" : "LpPool"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    const TensorType& x = in.type(0);
    if (!x.ranked) return {x};
    const Dims input = spatial_part(x.dims);
    const Dims output = global ? Dims(input.size(), Dim(1)) : pooled(input);
    Dims dims = {x.dims[0], x.dims[1]};
    dims.insert(dims.end(), output.begin(), output.end());
    return {TensorType(x.dtype, dims)};
  }

  Dims pooled(const Dims& input) const { return spatial.output(input, spatial.kernel_dims()); }

  template <class T, class Real>
  void run(const Input& x, T* y) const {
    const Shape input = spatial_part(x.shape());
    const Windows windows =
        global ? Spatial{}.windows(input, input) : spatial.windows(input, spatial.kernel);
    const Index planes = x.shape()[0] * x.shape()[1];
    if (planes == 0 || windows.output_size() == 0) return;
    Taps taps(windows);
    const T* plane = x.as<T>();
    for (Index i = 0; i < planes; ++i, plane += windows.input_size()) {
      Shape position(input.size(), 0);
      do {
        Real sum = 0;
        taps.for_each(position, [&](Index, Index offset) {
          sum = add_power(sum, static_cast<Real>(plane[offset]), p);
        });
        *y++ = store<T>(root(sum, p));
      } while (next_position(position, windows.output));
    }
  }

  // An empty image has norm 0.
  template <class T>
  void fill_zero(const Output& y) const {
    std::fill_n(y.as<T>(), y.size(), T(0));
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if (global && in[0].size() == 0) fill_zero<T>(out[0]);
      else run<T, Compute<T, Real>>(in[0], out[0].as<T>());
    });
    return kNoFault;
  }

  std::string describe() const override { return concat("p=", p, " ", spatial.describe()); }
};

OperatorPtr make(const Attributes& attributes, bool global) {
  auto op = std::make_shared<LpPool>();
  op->global = global;
  op->p = attributes.integer("p", 2);
  ENGINE_VALIDATE(op->p >= 1, "p is ", op->p, " (must be positive)");
  if (!global) op->spatial = Spatial::parse(attributes, true);
  return op;
}

}  // namespace

OperatorPtr make_LpPool(const Attributes& attributes) { return make(attributes, false); }
OperatorPtr make_GlobalLpPool(const Attributes& attributes) { return make(attributes, true); }

}  // namespace engine::ops
