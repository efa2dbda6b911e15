// Range: y[i] = start + i * delta for i in [0, max(0, ceil((limit - start) / delta))).
//
// Floats take one fused step per element; integers wrap around.
// Meaning: ONNX Range, opset 27.
#include "ops/attributes.h"
#include "ops/moving.h"
#include "ops/scalar_value.h"

namespace engine::ops {
namespace {

bool accepts(DType t) {
  return is_float(t) || t == DType::kInt16 || t == DType::kInt32 || t == DType::kInt64;
}

Index integer_count(Index start, Index limit, Index delta) {
  ENGINE_VALIDATE(delta != 0, "delta is 0 (must not be)");
  if (delta > 0 ? start >= limit : start <= limit) return 0;
  // The distance may need all 64 bits, and -delta too.
  const auto from = static_cast<std::uint64_t>(start), to = static_cast<std::uint64_t>(limit);
  const auto step = static_cast<std::uint64_t>(delta);
  const std::uint64_t last = delta > 0 ? (to - from - 1) / step : (from - to - 1) / (0 - step);
  ENGINE_VALIDATE(last < static_cast<std::uint64_t>(std::numeric_limits<Index>::max()), "from ",
                  start, " to ", limit, " by ", delta, " is too long (it overflows 63 bits)");
  return static_cast<Index>(last) + 1;
}

Index float_count(double start, double limit, double delta) {
  const double count = std::ceil((limit - start) / delta);
  constexpr double kTooMany = 0x1p62;
  ENGINE_VALIDATE(count < kTooMany && std::isfinite(start) && delta != 0, "from ", start, " to ",
                  limit, " by ", delta, " has no number of elements");
  return count > 0 ? static_cast<Index>(count) : 0;
}

struct Range final : ComputingOperator<Range> {
  std::string_view name() const noexcept override { return "Range"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "start", accepts, "a float type, int16, int32 or int64");
    require_same_type(in, 0, "start", 1, "limit");
    require_same_type(in, 0, "start", 2, "delta");
    const char* names[] = {"start", "limit", "delta"};
    for (Index i = 0; i < 3; ++i) {
      const auto shape = in.type(i).shape();
      ENGINE_VALIDATE(!shape || element_count(*shape) == 1, names[i], " is ", to_string(in.type(i)),
                      " (must be a scalar)");
    }
    return {{in.dtype(0), Dims{count(in)}}};
  }

  template <class Real>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_number(out[0].dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T first = *in[0].as<T>(), step = *in[2].as<T>();
      T* y = out[0].as<T>();
      for (Index i = 0; i < out[0].size(); ++i) {
        if constexpr (dtype_of<T> <= DType::kBFloat16) {
          using C = Compute<T, Real>;
          const C value = std::fma(static_cast<C>(i), static_cast<C>(step), static_cast<C>(first));
          y[i] = numeric_cast<T>(sizeof(T) == 2 ? static_cast<float>(value) : value);
        } else {
          const auto steps = static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(step);
          y[i] = numeric_cast<T>(static_cast<std::uint64_t>(first) + steps);
        }
      }
    });
    return kNoFault;
  }

 private:
  Dim count(const Operands& in) const {
    if (is_float(in.dtype(0))) {
      const auto start = known_scalar<double>(in, 0, "start");
      const auto limit = known_scalar<double>(in, 1, "limit");
      const auto delta = known_scalar<double>(in, 2, "delta");
      if (!start || !limit || !delta) return Dim::unknown();
      return Dim(float_count(*start, *limit, *delta));
    }
    const auto start = integer(in, 0, "start"), delta = integer(in, 2, "delta");
    if (!start || !delta) return Dim::unknown();
    if (const auto limit = integer(in, 1, "limit"))
      return Dim(integer_count(*start, *limit, *delta));
    const auto limit = list_extents(in, 1);  // 0 to N by 1 has N elements
    const bool counts = *start == 0 && *delta == 1 && limit && limit->size() == 1;
    return counts ? limit->front() : Dim::unknown();
  }

  // A scalar's value, or its element as a known extent.
  static std::optional<Index> integer(const Operands& in, Index i, const char* name) {
    if (const auto value = known_scalar<std::int64_t>(in, i, name)) return *value;
    const auto list = list_extents(in, i);
    if (!list || list->size() != 1 || !list->front().known()) return std::nullopt;
    return list->front().value();
  }
};

}  // namespace

OperatorPtr make_Range(const Attributes& attributes) {
  const Index stash_type = attributes.integer("stash_type", 1);
  ENGINE_VALIDATE(stash_type == 1, "stash_type is ", stash_type, " (must be 1, float)");
  return std::make_shared<Range>();
}

}  // namespace engine::ops
