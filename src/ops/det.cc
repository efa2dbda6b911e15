// Determinants of square matrices: x [.., m, m], y [..]. Gaussian elimination with partial pivoting
// (the first of equal magnitudes), columns ascending, one fma per update; then the product of the
// pivots, top to bottom. Meaning: ONNX Det, opset 22.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <cmath>
#include <utility>
#include <vector>

namespace engine::ops {
namespace {

// Destroys the matrix a [m, m].
template <class Real>
Real determinant(std::vector<Real>& a, Index m) {
  const auto at = [m](Index row, Index column) {
    return static_cast<std::size_t>(row * m + column);
  };
  Real result = 1;
  for (Index k = 0; k < m; ++k) {
    Index pivot = k;
    for (Index row = k + 1; row < m; ++row)
      if (std::abs(a[at(row, k)]) > std::abs(a[at(pivot, k)])) pivot = row;
    if (pivot != k) {
      for (Index column = k; column < m; ++column)
        std::swap(a[at(k, column)], a[at(pivot, column)]);
      result = -result;
    }
    result *= a[at(k, k)];
    if (a[at(k, k)] == 0) return 0;
    for (Index row = k + 1; row < m; ++row) {
      const Real factor = a[at(row, k)] / a[at(k, k)];
      for (Index column = k + 1; column < m; ++column)
        a[at(row, column)] = std::fma(-factor, a[at(k, column)], a[at(row, column)]);
    }
  }
  return result;
}

struct Det : ComputingOperator<Det> {
  std::string_view name() const noexcept override { return "Det"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    const TensorType& x = in.type(0);
    if (!x.ranked) return {x};
    ENGINE_VALIDATE(x.rank() >= 2, "X has rank ", x.rank(), " (at least 2 needed)");
    const Dim &rows = x.dims[x.dims.size() - 2], &columns = x.dims.back();
    ENGINE_VALIDATE(!rows.known() || !columns.known() || rows == columns, "X has matrices of ",
                    rows.value(), " x ", columns.value(), " (must be square)");
    return {TensorType(x.dtype, Dims(x.dims.begin(), x.dims.end() - 2))};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    if (out[0].size() == 0) return kNoFault;
    const Index m = in[0].shape().back();
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using R = Compute<T, Real>;
      const T* x = in[0].as<T>();
      std::vector<R> matrix(static_cast<std::size_t>(m * m));
      for (Index i = 0; i < out[0].size(); ++i, x += m * m) {
        for (Index k = 0; k < m * m; ++k)
          matrix[static_cast<std::size_t>(k)] = static_cast<R>(x[k]);
        out[0].as<T>()[i] = store<T>(determinant(matrix, m));
      }
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_Det(const Attributes&) { return std::make_shared<Det>(); }

}  // namespace engine::ops
