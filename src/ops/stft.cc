// Short-time Fourier transform: frame f is window * signal[f * step, f * step + n), transformed.
//   signal  [batch, length, 1 or 2] (real or complex), or [batch, length] (real, as exporters write
//           it)
//   window  [n], optional: ones
//   y  [batch, (length - n) / step + 1, n / 2 + 1 or n, 2]; the shorter one is onesided, for real x
// The order of sums is that of Fft. Meaning: ONNX STFT, opset 17.
#include "ops/attributes.h"
#include "ops/fft.h"
#include "ops/operator.h"
#include "ops/store.h"

namespace engine::ops {
namespace {

bool is_index(DType t) { return t == DType::kInt64 || t == DType::kInt32; }

Index scalar_of(const Input& input) {
  if (input.dtype == DType::kInt32) return *input.as<std::int32_t>();
  return *input.as<std::int64_t>();
}

struct Stft : ComputingOperator<Stft> {
  bool onesided = true;

  std::string_view name() const noexcept override { return "STFT"; }

  // The only value of an integer input, if it is known.
  static Dim value_of(const Operands& in, Index i, const char* name) {
    if (const auto shape = in.type(i).shape())
      ENGINE_VALIDATE(element_count(*shape) == 1, name, " is ", to_string(*shape),
                      " (one element needed)");
    const auto list = in.integers(i);
    if (!list) return Dim::unknown();
    ENGINE_VALIDATE((*list)[0] >= 1, name, " is ", (*list)[0], " (must be positive)");
    return (*list)[0];
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "signal", is_float, "a float type");
    require_type(in, 1, "frame_step", is_index, "int64 or int32");
    const TensorType& x = in.type(0);
    ENGINE_VALIDATE(!x.ranked || x.rank() == 2 || x.rank() == 3, "signal has rank ", x.rank(),
                    ", 2 or 3 needed (it is ", to_string(x), ")");
    const Dim step = value_of(in, 1, "frame_step");
    Dim n = x.ranked ? x.dims[1] : Dim::unknown();
    if (in.has(2)) {
      require_same_type(in, 0, "signal", 2, "window");
      require_rank(in, 2, "window", 1);
      n = in.type(2).ranked ? in.type(2).dims[0] : Dim::unknown();
    }
    if (in.has(3)) {
      require_type(in, 3, "frame_length", is_index, "int64 or int32");
      const Dim length = value_of(in, 3, "frame_length");
      ENGINE_VALIDATE(!in.has(2) || !n.known() || !length.known() || n == length, "window has ",
                      n.value(), " values, frame_length is ", length.value());
      n = length.known() || !in.has(2) ? length : n;
    }
    ENGINE_VALIDATE(!n.known() || n.value() >= 1, "the frame length is ", n.value(),
                    " (must be positive)");
    Dim frames = Dim::unknown(), batch = Dim::unknown();
    if (x.ranked) {
      batch = x.dims[0];
      const Dim length = x.dims[1], parts = x.rank() == 3 ? x.dims[2] : Dim(1);
      ENGINE_VALIDATE(!parts.known() || parts.value() == 1 || parts.value() == 2,
                      "the last extent of signal is ", parts.value(), " (1, real, or 2, complex)");
      ENGINE_VALIDATE(!parts.known() || parts.value() == 1 || !onesided,
                      "signal is complex (a onesided transform needs a real one)");
      if (length.known() && n.known())
        ENGINE_VALIDATE(n.value() <= length.value(), "the frame length ", n.value(),
                        " exceeds the signal's length ", length.value());
      if (length.known() && n.known() && step.known())
        frames = (length.value() - n.value()) / step.value() + 1;
    }
    const Dim bins = !n.known() ? Dim::unknown() : onesided ? Dim(n.value() / 2 + 1) : n;
    return {TensorType(x.dtype, Dims{batch, frames, bins, Dim(2)})};
  }

  template <class T, class Real>
  void run(Inputs in, const Output& out, Index n, Index step) const {
    const T* window = in.size() > 2 && in[2] ? in[2].as<T>() : nullptr;
    const Index batch = out.shape()[0], frames = out.shape()[1], bins = out.shape()[2];
    const Index length = in[0].shape()[1], parts = in[0].rank() == 3 ? in[0].shape()[2] : 1;
    Fft<Real> fft(n, false);
    std::vector<Complex<Real>> frame(static_cast<std::size_t>(n)), spectrum(frame.size());
    T* y = out.as<T>();
    for (Index b = 0; b < batch; ++b)
      for (Index f = 0; f < frames; ++f) {
        const T* x = in[0].as<T>() + (b * length + f * step) * parts;
        for (Index i = 0; i < n; ++i, x += parts) {
          const Real factor = window ? static_cast<Real>(window[i]) : Real(1);
          frame[static_cast<std::size_t>(i)] = {
              static_cast<Real>(x[0]) * factor,
              parts == 2 ? static_cast<Real>(x[1]) * factor : Real(0)};
        }
        fft.run(frame.data(), spectrum.data());
        for (Index k = 0; k < bins; ++k) {
          *y++ = store<T>(spectrum[static_cast<std::size_t>(k)].re);
          *y++ = store<T>(spectrum[static_cast<std::size_t>(k)].im);
        }
      }
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    if (out[0].size() == 0) return kNoFault;
    const Index length = in[0].shape()[1], step = scalar_of(in[1]);
    const Index n = in.size() > 2 && in[2]   ? in[2].shape()[0]
                    : in.size() > 3 && in[3] ? scalar_of(in[3])
                                             : length;
    const Index bins = onesided ? n / 2 + 1 : n, frames = out[0].shape()[1];
    if (n < 1 || n > length || bins != out[0].shape()[2])
      return {Status::Fault::kBadShape, bins, out[0].shape()[2]};
    if (step < 1 || (length - n) / step + 1 != frames)
      return {Status::Fault::kBadShape, step, frames};
    dispatch_float(in[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      run<T, Compute<T, Real>>(in, out[0], n, step);
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_STFT(const Attributes& attributes) {
  auto op = std::make_shared<Stft>();
  op->onesided = attributes.flag("onesided", true);
  return op;
}

}  // namespace engine::ops
