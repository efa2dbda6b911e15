// Sampling positions of an affine map: y[n, .., :] = theta[n] (x, y, [z,] 1), where (x, y, [z]) is
// the normalised position of the grid point; axes in size run the other way, (d,) h, w.
//   theta  [n, 2, 3] or [n, 3, 4]   size  [n, c, (d,) h, w]   y  [n, (d,) h, w, 2 or 3]
// A sum is one fma chain over the columns, starting with a product.
// Meaning: ONNX AffineGrid, opset 20.
#include "ops/attributes.h"
#include "ops/operator.h"
#include "ops/spatial.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

bool is_int64(DType t) { return t == DType::kInt64; }

struct AffineGrid : ComputingOperator<AffineGrid> {
  bool align_corners = false;

  std::string_view name() const noexcept override { return "AffineGrid"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "theta", is_float, "a float type");
    require_type(in, 1, "size", is_int64, "int64");
    require_rank(in, 0, "theta", 3);
    require_rank(in, 1, "size", 1);
    const DType dtype = in.dtype(0);
    const auto size = in.extents(1);
    const TensorType& theta = in.type(0);
    if (!size) return {TensorType::unranked(dtype)};
    ENGINE_VALIDATE(size->size() == 4 || size->size() == 5, "size has ", size->size(),
                    " values (4 or 5 needed)");
    const Index axes = static_cast<Index>(size->size()) - 2;
    for (const Dim& extent : *size)
      ENGINE_VALIDATE(!extent.known() || extent.value() >= 0, "size has ", extent.value(),
                      " (must not be negative)");
    Dim batch = (*size)[0];
    if (theta.ranked) {
      const Dims& t = theta.dims;
      ENGINE_VALIDATE(
          (!t[1].known() || t[1].value() == axes) && (!t[2].known() || t[2].value() == axes + 1),
          "theta is ", to_string(t), ", size has ", axes, " spatial axes");
      ENGINE_VALIDATE(!t[0].known() || !batch.known() || t[0] == batch, "theta has batch ",
                      t[0].value(), ", size has ", batch.value());
      if (!batch.known()) batch = t[0];
    }
    Dims dims = {batch};
    dims.insert(dims.end(), size->begin() + 2, size->end());
    dims.push_back(axes);
    return {TensorType(dtype, dims)};
  }

  template <class Real>
  Real normalised(Index i, Index extent) const {
    const Real n = static_cast<Real>(extent), at = static_cast<Real>(i);
    if (!align_corners) return (2 * at + 1) / n - 1;
    return extent == 1 ? Real(-1) : 2 * at / (n - 1) - 1;
  }

  template <class T, class Real>
  void run(const Input& theta, const Output& out) const {
    if (out.size() == 0) return;
    const Index axes = out.shape().back();
    Shape grid(out.shape().begin() + 1, out.shape().end() - 1);
    T* y = out.as<T>();
    for (Index n = 0; n < out.shape()[0]; ++n) {
      Shape position(grid.size(), 0);
      do {
        for (Index row = 0; row < axes; ++row) {
          const T* t = theta.as<T>() + (n * axes + row) * (axes + 1);
          Real sum = 0;
          for (Index k = 0; k < axes; ++k) {
            const auto axis = static_cast<std::size_t>(axes - 1 - k);
            const Real at = normalised<Real>(position[axis], grid[axis]);
            const Real factor = static_cast<Real>(t[k]);
            sum = k == 0 ? factor * at : std::fma(factor, at, sum);
          }
          *y++ = store<T>(sum + static_cast<Real>(t[axes]));
        }
      } while (next_position(position, grid));
    }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in[0], out[0]);
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_AffineGrid(const Attributes& attributes) {
  auto op = std::make_shared<AffineGrid>();
  op->align_corners = attributes.flag("align_corners", false);
  return op;
}

}  // namespace engine::ops
