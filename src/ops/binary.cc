#include "ops/binary.h"

#include "numerics/elementary.h"
#include "ops/attributes.h"
#include "ops/broadcast_loop.h"
#include "ops/comparison.h"
#include "ops/widened.h"

#include <cmath>
#include <type_traits>

namespace engine::ops {
namespace {

bool compares(BinaryKind kind) { return kind >= BinaryKind::kEqual; }

template <class T>
inline constexpr bool kIsFloat = std::is_same_v<T, float> || std::is_same_v<T, double> ||
                                 std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

// x^y of integers by squaring, wrapping; a negative power of anything but 1 and -1 is 0.
template <class T>
T integer_power(T x, std::int64_t y) {
  if (y < 0) return x == T(1) ? T(1) : x == T(-1) ? (y % 2 ? T(-1) : T(1)) : T(0);
  std::uint64_t base = static_cast<std::uint64_t>(x), result = 1;
  for (; y; y >>= 1, base *= base)
    if (y & 1) result *= base;
  return static_cast<T>(result);
}

// Real arithmetic of one pair.
template <class R>
R real_binary(BinaryKind kind, R a, R b) {
  switch (kind) {
    case BinaryKind::kAdd: return a + b;
    case BinaryKind::kSub: return a - b;
    case BinaryKind::kMul: return a * b;
    case BinaryKind::kDiv: return a / b;
    case BinaryKind::kPow: return numerics::pow(a, b);
    case BinaryKind::kFmod: return std::fmod(a, b);
    case BinaryKind::kMod: {  // sign of the divisor, as Python's %
      const R r = std::fmod(a, b);
      return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }
    case BinaryKind::kMax: return a != a ? a : b < a ? a : b;
    case BinaryKind::kMin: return a != a ? a : a < b ? a : b;
    case BinaryKind::kPRelu: return a < 0 ? a * b : a;
    default: return a;
  }
}

// Integer arithmetic of one pair; division by zero sets `zero` and gives 0.
template <class T>
T integer_binary(BinaryKind kind, T a, T b, bool& zero) {
  using U = std::uint64_t;
  switch (kind) {
    case BinaryKind::kAdd: return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
    case BinaryKind::kSub: return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
    case BinaryKind::kMul: return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
    case BinaryKind::kPRelu:
      return a < 0 ? static_cast<T>(static_cast<U>(a) * static_cast<U>(b)) : a;
    case BinaryKind::kPow: return integer_power(a, static_cast<std::int64_t>(b));
    case BinaryKind::kMax: return b < a ? a : b;
    case BinaryKind::kMin: return a < b ? a : b;
    case BinaryKind::kDiv:
    case BinaryKind::kMod:
    case BinaryKind::kFmod: {
      if (b == 0) {
        zero = true;
        return 0;
      }
      if constexpr (std::is_signed_v<T>)  // the quotient of the smallest value and -1 would
                                          // overflow
        if (b == T(-1))
          return kind == BinaryKind::kDiv ? static_cast<T>(U{0} - static_cast<U>(a)) : T(0);
      if (kind == BinaryKind::kDiv) return static_cast<T>(a / b);
      const T r = static_cast<T>(a % b);
      return kind == BinaryKind::kMod && r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
    }
    default: return a;
  }
}

template <class T, class Real>
Fault arithmetic(BinaryKind kind, const Input& a, const Input& b, const Output& y) {
  bool zero = false;
  broadcast_map(y.shape(), a.shape(), a.as<T>(), b.shape(), b.as<T>(), y.as<T>(), [&](T p, T q) {
    if constexpr (kIsFloat<T>) {
      using C = Compute<T, Real>;
      return T(real_binary(kind, static_cast<C>(p), static_cast<C>(q)));
    } else if constexpr (std::is_integral_v<T>) {
      return integer_binary(kind, p, q, zero);
    } else {
      return T(integer_binary<int>(kind, p, q, zero));
    }
  });
  return zero ? Fault{Status::Fault::kDivisionByZero, 0, 0} : kNoFault;
}

// Pow allows another type for the exponent: the base's type decides where it is computed.
template <class Real>
Fault mixed_power(const Input& a, const Input& b, const Output& y) {
  dispatch_number(a.dtype, [&](auto base) {
    using T = typename decltype(base)::type;
    const auto with = [&](const auto& exponents, auto f) {
      broadcast_map(y.shape(), a.shape(), a.as<T>(), b.shape(), exponents.data(), y.as<T>(), f);
    };
    if constexpr (kIsFloat<T>) {
      using C = Compute<T, Real>;
      with(widened<double>(b),
           [](T p, double q) { return T(numerics::pow(static_cast<C>(p), static_cast<C>(q))); });
    } else if (is_float(b.dtype)) {
      with(widened<double>(b),
           [](T p, double q) { return numeric_cast<T>(numerics::pow(static_cast<double>(p), q)); });
    } else {
      with(widened<std::int64_t>(b), [](T p, std::int64_t q) { return integer_power(p, q); });
    }
  });
  return kNoFault;
}

Dims broadcast_types(const Operands& in, bool& ranked) {
  Dims dims;
  for (Index i = 0; i < in.size(); ++i) {
    if (!in.type(i).ranked) ranked = false;
    else dims = i ? broadcast(dims, in.type(i).dims) : in.type(i).dims;
  }
  return dims;
}

TensorType broadcast_type(const Operands& in, DType dtype) {
  bool ranked = true;
  Dims dims = broadcast_types(in, ranked);
  return ranked ? TensorType(dtype, std::move(dims)) : TensorType::unranked(dtype);
}

// The slope is broadcast to x, never x to the slope.
TensorType prelu_type(const Operands& in) {
  const TensorType &x = in.type(0), &slope = in.type(1);
  if (!x.ranked || !slope.ranked) return x;
  bool fits = slope.rank() <= x.rank();
  for (std::size_t k = 0; fits && k < slope.dims.size(); ++k) {
    const Dim& own = slope.dims[slope.dims.size() - 1 - k];
    const Dim& other = x.dims[x.dims.size() - 1 - k];
    fits = !own.known() || own.value() == 1 || !other.known() || own == other;
  }
  ENGINE_VALIDATE(fits, "slope is ", to_string(slope.dims), ", X is ", to_string(x.dims),
                  " (the slope must be broadcastable to X)");
  return x;
}

}  // namespace

std::vector<TensorType> Binary::infer(const Operands& in, Index) const {
  if (kind != BinaryKind::kPow) require_same_type(in, 0, "A", 1, "B");
  const bool any = kind == BinaryKind::kEqual;
  if (!any) {
    require_type(in, 0, "A", is_number, "a number type");
    require_type(in, 1, "B", is_number, "a number type");
  }
  if (kind == BinaryKind::kPRelu) return {prelu_type(in)};
  return {broadcast_type(in, compares(kind) ? DType::kBool : in.dtype(0))};
}

std::optional<Dims> Binary::infer_extents(const Operands& in) const {
  if (kind > BinaryKind::kDiv || in.type(0).rank() > 1 || in.type(1).rank() > 1)
    return std::nullopt;
  if (!is_integer(in.dtype(0))) return std::nullopt;
  const auto a = in.extents(0), b = in.extents(1);
  if (!a || !b || a->empty() || b->empty()) return std::nullopt;
  const std::size_t n = std::max(a->size(), b->size());
  if ((a->size() != n && a->size() != 1) || (b->size() != n && b->size() != 1)) return std::nullopt;
  Dims result(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Dim& p = (*a)[a->size() == 1 ? 0 : i];
    const Dim& q = (*b)[b->size() == 1 ? 0 : i];
    const bool unit = kind == BinaryKind::kMul || kind == BinaryKind::kDiv;
    if (p.known() && q.known()) {
      bool zero = false;
      const Index value = integer_binary(kind, p.value(), q.value(), zero);
      if (zero || value < 0) return std::nullopt;
      result[i] = value;
    } else if (q.known() && q.value() == (unit ? 1 : 0)) {
      result[i] = p;
    } else if (p.known() && p.value() == (unit ? 1 : 0) &&
               (kind == BinaryKind::kAdd || kind == BinaryKind::kMul)) {
      result[i] = q;
    }
  }
  return result;
}

std::size_t Binary::workspace(Inputs in, Outputs) const {
  return in[0].dtype == in[1].dtype ? 0 : widened_bytes<double>(in[1]);
}

template <class Real>
Fault Binary::compute(Inputs in, Outputs out) const {
  if (compares(kind)) return compare(kind, in[0], in[1], out[0]);
  if (kind == BinaryKind::kPow && in[0].dtype != in[1].dtype)
    return mixed_power<Real>(in[0], in[1], out[0]);
  return dispatch_number(in[0].dtype, [&](auto tag) {
    return arithmetic<typename decltype(tag)::type, Real>(kind, in[0], in[1], out[0]);
  });
}

std::vector<TensorType> Variadic::infer(const Operands& in, Index) const {
  require_type(in, 0, "input 0", mean ? is_float : is_number,
               mean ? "a float type" : "a number type");
  for (Index i = 1; i < in.size(); ++i)
    require_same_type(in, 0, "input 0", i, concat("input ", i).c_str());
  return {broadcast_type(in, in.dtype(0))};
}

template <class Real>
Fault Variadic::compute(Inputs in, Outputs out) const {
  return dispatch_number(out[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* y = out[0].as<T>();
    const Shape& shape = out[0].shape();
    const Index n = out[0].size();
    // The running value is rounded to the element type after each operand but in float16 and
    // bfloat16, where at most 64 operands would lose it: those fold in Real, element by element.
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_integral_v<T>) {
      broadcast_map(shape, in[0].shape(), in[0].as<T>(), in[0].shape(), in[0].as<T>(), y,
                    [](T p, T) { return p; });
      for (std::size_t i = 1; i < in.size(); ++i) {
        const Output running{out[0].dtype, out[0].extents, y};
        const Input left{out[0].dtype, out[0].extents, y};
        if (const Fault f = arithmetic<T, Real>(kind, left, in[i], running); !f.ok()) return f;
      }
      if constexpr (kIsFloat<T>)
        if (mean)
          for (Index i = 0; i < n; ++i) y[i] = y[i] / static_cast<T>(in.size());
    } else if constexpr (kIsFloat<T>) {
      std::vector<Real> sum(static_cast<std::size_t>(n));
      for (std::size_t i = 0; i < in.size(); ++i)
        broadcast_loop<1>(shape, {in[i].extents},
                          [&](Index to, const auto& from, Index count, const auto& stride) {
                            for (Index k = 0; k < count; ++k) {
                              const Real value =
                                  static_cast<Real>(in[i].as<T>()[from[0] + k * stride[0]]);
                              Real& total = sum[static_cast<std::size_t>(to + k)];
                              total = i ? real_binary(kind, total, value) : value;
                            }
                          });
      for (Index i = 0; i < n; ++i) {
        const Real total = sum[static_cast<std::size_t>(i)];
        y[i] = T(static_cast<float>(mean ? total / static_cast<Real>(in.size()) : total));
      }
    }
    return kNoFault;
  });
}

#define ENGINE_BINARY(op, kind)                             \
  OperatorPtr make_##op(const Attributes&) {                \
    return std::make_shared<Binary>(#op, BinaryKind::kind); \
  }
ENGINE_BINARY(Add, kAdd)
ENGINE_BINARY(Sub, kSub)
ENGINE_BINARY(Mul, kMul)
ENGINE_BINARY(Div, kDiv)
ENGINE_BINARY(Pow, kPow)
ENGINE_BINARY(PRelu, kPRelu)
ENGINE_BINARY(Equal, kEqual)
ENGINE_BINARY(Greater, kGreater)
ENGINE_BINARY(GreaterOrEqual, kGreaterOrEqual)
ENGINE_BINARY(Less, kLess)
ENGINE_BINARY(LessOrEqual, kLessOrEqual)
#undef ENGINE_BINARY

OperatorPtr make_Mod(const Attributes& a) {
  return std::make_shared<Binary>("Mod",
                                  a.flag("fmod", false) ? BinaryKind::kFmod : BinaryKind::kMod);
}
OperatorPtr make_Max(const Attributes&) {
  return std::make_shared<Variadic>("Max", BinaryKind::kMax, false);
}
OperatorPtr make_Min(const Attributes&) {
  return std::make_shared<Variadic>("Min", BinaryKind::kMin, false);
}
OperatorPtr make_Sum(const Attributes&) {
  return std::make_shared<Variadic>("Sum", BinaryKind::kAdd, false);
}
OperatorPtr make_Mean(const Attributes&) {
  return std::make_shared<Variadic>("Mean", BinaryKind::kAdd, true);
}

}  // namespace engine::ops
