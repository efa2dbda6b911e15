// Discrete Fourier transforms along one axis, x [outer.., axis, inner.., 1 or 2] (real or complex).
//   forward            y [.., n, .., 2]
//   inverse            y [.., n, .., 2], divided by n
//   onesided forward   y [.., n / 2 + 1, .., 2] of real x
//   onesided inverse   y [.., n, .., 1] of the first half of a spectrum; the imaginary parts of its
//                      first (and, for even n, last) value do not count
// x is cut or filled with zeros to the transform's length. The order of sums is that of Fft.
// Meaning: ONNX DFT, opset 20.
#include "ops/attributes.h"
#include "ops/fft.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <algorithm>

namespace engine::ops {
namespace {

bool is_index(DType t) { return t == DType::kInt64 || t == DType::kInt32; }

// The only element of an optional input of ints.
std::optional<Index> scalar_of(const Input& input) {
  if (!input || input.size() != 1) return std::nullopt;
  if (input.dtype == DType::kInt32) return *input.as<std::int32_t>();
  return *input.as<std::int64_t>();
}

struct Dft : ComputingOperator<Dft> {
  bool inverse = false, onesided = false;

  std::string_view name() const noexcept override { return "DFT"; }

  Index resolve_axis(Index axis, Index rank) const {
    const Index at = normalize_axis(axis, rank);
    ENGINE_VALIDATE(at != rank - 1, "axis is ", axis,
                    " (the last axis holds real and imaginary parts)");
    return at;
  }

  Index default_length(Index extent) const {
    return inverse && onesided ? 2 * (extent - 1) : extent;
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "input", is_float, "a float type");
    for (const Index i : {1, 2})
      if (in.has(i))
        require_type(in, i, i == 1 ? "dft_length" : "axis", is_index, "int64 or int32");
    const TensorType& x = in.type(0);
    if (!x.ranked) return {x};
    ENGINE_VALIDATE(x.rank() >= 2, "input has rank ", x.rank(), " (at least 2 needed)");
    const Dim& parts = x.dims.back();
    ENGINE_VALIDATE(!parts.known() || parts.value() == 1 || parts.value() == 2,
                    "the last extent of input is ", parts.value(), " (1, real, or 2, complex)");
    if (onesided && parts.known())
      ENGINE_VALIDATE(
          (parts.value() == 2) == inverse, "the last extent of input is ", parts.value(),
          inverse ? " (2 needed by a onesided inverse)" : " (1 needed by a onesided transform)");
    Dims dims = x.dims;
    dims.back() = inverse && onesided ? 1 : 2;
    const auto axis_value = in.has(2) ? in.integers(2) : std::vector<Index>{-2};
    if (!axis_value) return {TensorType(x.dtype, Dims(dims.size()))};
    ENGINE_VALIDATE(axis_value->size() == 1, "axis has ", axis_value->size(), " values, 1 needed");
    Dim& extent = dims[static_cast<std::size_t>(resolve_axis((*axis_value)[0], x.rank()))];
    if (in.has(1)) {
      const auto length = in.integers(1);
      ENGINE_VALIDATE(!length || length->size() == 1, "dft_length has ",
                      length ? length->size() : 0, " values, 1 needed");
      extent = length ? Dim((*length)[0]) : Dim::unknown();
      ENGINE_VALIDATE(!length || (*length)[0] >= 1, "dft_length is ", (*length)[0],
                      " (must be positive)");
    } else if (extent.known()) {
      const Index length = default_length(extent.value());
      ENGINE_VALIDATE(length >= 1, "the transform's length is ", length, " (must be positive)");
      extent = length;
    } else if (onesided) {
      extent = Dim::unknown();
    }
    if (onesided && !inverse && extent.known()) extent = extent.value() / 2 + 1;
    return {TensorType(x.dtype, dims)};
  }

  template <class T, class Real>
  void run(const Input& x, const Output& out, Index axis, Index n) const {
    const AxisView from = split_at(x.shape(), axis), to = split_at(out.shape(), axis);
    const Index parts = x.shape().back(), out_parts = out.shape().back();
    const Index lines = from.inner / parts;
    const Index used = std::min(from.n, inverse && onesided ? n / 2 + 1 : n);
    Fft<Real> fft(n, inverse);
    std::vector<Complex<Real>> line(static_cast<std::size_t>(n)), spectrum(line.size());
    for (Index o = 0; o < from.outer; ++o)
      for (Index i = 0; i < lines; ++i) {
        std::ranges::fill(line, Complex<Real>{});
        for (Index k = 0; k < used; ++k) {
          const T* value = x.as<T>() + ((o * from.n + k) * lines + i) * parts;
          line[static_cast<std::size_t>(k)] = {static_cast<Real>(value[0]),
                                               parts == 2 ? static_cast<Real>(value[1]) : Real(0)};
        }
        if (inverse && onesided) mirror(line);
        fft.run(line.data(), spectrum.data());
        for (Index k = 0; k < to.n; ++k) {
          T* y = out.as<T>() + ((o * to.n + k) * lines + i) * out_parts;
          Complex<Real> value = spectrum[static_cast<std::size_t>(k)];
          if (inverse) {
            value.re /= static_cast<Real>(n);
            value.im /= static_cast<Real>(n);
          }
          y[0] = store<T>(value.re);
          if (out_parts == 2) y[1] = store<T>(value.im);
        }
      }
  }

  // Completes the second half of a spectrum whose transform is real.
  template <class Real>
  static void mirror(std::vector<Complex<Real>>& line) {
    const std::size_t n = line.size();
    line[0].im = 0;
    if (n % 2 == 0) line[n / 2].im = 0;
    for (std::size_t k = n / 2 + 1; k < n; ++k) line[k] = {line[n - k].re, -line[n - k].im};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    if (out[0].size() == 0) return kNoFault;
    const auto axis_value = scalar_of(in.size() > 2 ? in[2] : Input{}).value_or(-2);
    const Index axis = resolve_axis(axis_value, in[0].rank());
    const auto at = static_cast<std::size_t>(axis);
    const Index n =
        scalar_of(in.size() > 1 ? in[1] : Input{}).value_or(default_length(in[0].shape()[at]));
    const Index length = onesided && !inverse ? n / 2 + 1 : n;
    Shape expected = in[0].shape();
    expected[at] = length;
    expected.back() = inverse && onesided ? 1 : 2;
    if (n < 1 || expected != out[0].shape())
      return {Status::Fault::kBadShape, length, out[0].shape()[at]};
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in[0], out[0], axis, n);
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_DFT(const Attributes& attributes) {
  auto op = std::make_shared<Dft>();
  op->inverse = attributes.flag("inverse", false);
  op->onesided = attributes.flag("onesided", false);
  return op;
}

}  // namespace engine::ops
