// Triangular filters on the mel scale, mel(f) = 2595 log10(1 + f / 700).
//   inputs  num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz (one value
//   each) y  [dft_length / 2 + 1, num_mel_bins]: column m rises from edge m to edge m + 1 and falls
//   to
//      edge m + 2; edges are equidistant in mel and rounded down to bins of the spectrum
// Computed in double by both implementations, since edges are rounded to bins.
// Meaning: ONNX MelWeightMatrix, opset 17.
#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/element_type.h"
#include "ops/operator.h"
#include "ops/store.h"

#include <algorithm>
#include <cmath>

namespace engine::ops {
namespace {

bool is_index(DType t) { return t == DType::kInt64 || t == DType::kInt32; }

double scalar_of(const Input& input) {
  double value = 0;
  dispatch_number(input.dtype, [&](auto tag) {
    value = static_cast<double>(*input.as<typename decltype(tag)::type>());
  });
  return value;
}

constexpr double kLn10 = 2.302585092994046;
double to_mel(double hertz) { return 2595 * numerics::log1p(hertz / 700) / kLn10; }
double to_hertz(double mel) { return 700 * numerics::expm1(mel / 2595 * kLn10); }

struct MelWeightMatrix : ComputingOperator<MelWeightMatrix> {
  DType dtype = DType::kFloat32;

  std::string_view name() const noexcept override { return "MelWeightMatrix"; }

  static Dim value_of(const Operands& in, Index i, const char* name) {
    const auto list = in.integers(i);
    if (!list) return Dim::unknown();
    ENGINE_VALIDATE((*list)[0] >= 0, name, " is ", (*list)[0], " (must not be negative)");
    return (*list)[0];
  }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    constexpr const char* kNames[] = {"num_mel_bins", "dft_length", "sample_rate",
                                      "lower_edge_hertz", "upper_edge_hertz"};
    for (Index i = 0; i < 5; ++i) {
      if (i < 3) require_type(in, i, kNames[i], is_index, "int64 or int32");
      else require_type(in, i, kNames[i], is_float, "a float type");
      if (const auto shape = in.type(i).shape())
        ENGINE_VALIDATE(element_count(*shape) == 1, kNames[i], " is ", to_string(*shape),
                        " (one element needed)");
    }
    const Dim bins = value_of(in, 0, kNames[0]), length = value_of(in, 1, kNames[1]);
    const Dim rows = length.known() ? Dim(length.value() / 2 + 1) : Dim::unknown();
    return {TensorType(dtype, Dims{rows, bins})};
  }

  template <class T>
  static void fill(const Output& out, const std::vector<Index>& edges) {
    const Index rows = out.shape()[0], columns = out.shape()[1];
    T* y = out.as<T>();
    std::fill_n(y, out.size(), T(0));
    for (Index m = 0; m < columns; ++m) {
      const auto at = static_cast<std::size_t>(m);
      const Index low = edges[at], centre = edges[at + 1], high = edges[at + 2];
      const Index rise = centre - low, fall = high - centre;
      if (rise == 0 && centre >= 0 && centre < rows) y[centre * columns + m] = T(1);
      for (Index j = std::max<Index>(low, 0); rise > 0 && j <= std::min(centre, rows - 1); ++j)
        y[j * columns + m] = store<T>(static_cast<double>(j - low) / static_cast<double>(rise));
      for (Index j = std::max<Index>(centre, 0); fall > 0 && j < std::min(high, rows); ++j)
        y[j * columns + m] = store<T>(static_cast<double>(high - j) / static_cast<double>(fall));
    }
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    if (out[0].size() == 0) return kNoFault;
    const Index columns = out[0].shape()[1];
    const double length = scalar_of(in[1]), rate = scalar_of(in[2]);
    const double low = to_mel(scalar_of(in[3])), high = to_mel(scalar_of(in[4]));
    const double step = (high - low) / static_cast<double>(columns + 2);
    std::vector<Index> edges;
    for (Index i = 0; i < columns + 2; ++i) {
      const double hertz = to_hertz(static_cast<double>(i) * step + low);
      const double bin = std::floor((length + 1) * hertz / rate);
      edges.push_back(store<Index>(std::clamp(bin, -0x1p40, 0x1p40)));
    }
    dispatch_number(dtype, [&](auto tag) { fill<typename decltype(tag)::type>(out[0], edges); });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_MelWeightMatrix(const Attributes& attributes) {
  auto op = std::make_shared<MelWeightMatrix>();
  op->dtype = element_type(attributes.integer("output_datatype", 1));
  ENGINE_VALIDATE(is_number(op->dtype), "output_datatype is ", to_string(op->dtype),
                  " (a number type needed)");
  return op;
}

}  // namespace engine::ops
