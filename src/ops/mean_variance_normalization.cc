// y = (x - mean) / (sqrt(variance) + 1e-9), both over the given axes.
// Two passes; each sum is one chain from +0 over the reduced positions in row-major order (also
// over the batch, where the axes include it). Meaning: ONNX MeanVarianceNormalization, opset 13.
#include "ops/operator.h"
#include "ops/spatial.h"
#include "ops/store.h"

#include <cmath>

namespace engine::ops {
namespace {

// The positions of x, as those that are kept times those that are reduced, with their strides.
struct Split {
  Shape kept, kept_strides, reduced, reduced_strides;
};

Split split(const Shape& x, const std::vector<bool>& is_reduced) {
  const Shape strides = strides_of(x);
  Split s;
  for (std::size_t i = 0; i < x.size(); ++i) {
    (is_reduced[i] ? s.reduced : s.kept).push_back(x[i]);
    (is_reduced[i] ? s.reduced_strides : s.kept_strides).push_back(strides[i]);
  }
  return s;
}

Index offset_of(const Shape& position, const Shape& strides) {
  Index offset = 0;
  for (std::size_t i = 0; i < position.size(); ++i) offset += position[i] * strides[i];
  return offset;
}

template <class Visit>
void for_each_offset(const Shape& extents, const Shape& strides, Visit&& visit) {
  Shape position(extents.size(), 0);
  do visit(offset_of(position, strides));
  while (next_position(position, extents));
}

struct MeanVarianceNormalization : ComputingOperator<MeanVarianceNormalization> {
  std::vector<Index> axes;

  std::string_view name() const noexcept override { return "MeanVarianceNormalization"; }

  std::vector<bool> reduced_axes(Index rank) const {
    std::vector<bool> reduced(static_cast<std::size_t>(rank), false);
    for (const Index axis : axes)
      reduced[static_cast<std::size_t>(normalize_axis(axis, rank))] = true;
    return reduced;
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "X", is_float, "a float type");
    if (in.type(0).ranked) reduced_axes(in.type(0).rank());
    return {in.type(0)};
  }

  template <class T, class Real>
  void run(const Input& input, T* y) const {
    if (input.size() == 0) return;
    const Split s = split(input.shape(), reduced_axes(input.rank()));
    const Real count =
        static_cast<Real>(product(s.reduced, 0, static_cast<Index>(s.reduced.size())));
    const T* x = input.as<T>();
    for_each_offset(s.kept, s.kept_strides, [&](Index base) {
      Real sum = 0, squares = 0;
      for_each_offset(s.reduced, s.reduced_strides,
                      [&](Index i) { sum += static_cast<Real>(x[base + i]); });
      const Real mean = sum / count;
      for_each_offset(s.reduced, s.reduced_strides, [&](Index i) {
        const Real centred = static_cast<Real>(x[base + i]) - mean;
        squares = std::fma(centred, centred, squares);
      });
      const Real deviation = std::sqrt(squares / count) + static_cast<Real>(1e-9);
      for_each_offset(s.reduced, s.reduced_strides, [&](Index i) {
        y[base + i] = store<T>((static_cast<Real>(x[base + i]) - mean) / deviation);
      });
    });
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in[0], out[0].as<T>());
    });
    return kNoFault;
  }

  std::string describe() const override { return "axes=" + to_string(axes); }
};

}  // namespace

OperatorPtr make_MeanVarianceNormalization(const Attributes& attributes) {
  auto op = std::make_shared<MeanVarianceNormalization>();
  op->axes = attributes.integers("axes", {0, 2, 3});
  return op;
}

}  // namespace engine::ops
