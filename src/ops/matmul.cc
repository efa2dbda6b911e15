#include "ops/matmul.h"

#include "ops/attributes.h"
#include "ops/store.h"

#include <cmath>
#include <type_traits>

namespace engine::ops {
namespace {

// Sum over i of a[i * a_step] * b[i * b_step]: a fused chain, or wrapping integers.
template <class Real, class T>
auto dot(const T* a, Index a_step, const T* b, Index b_step, Index k) {
  if constexpr (std::is_integral_v<T>) {
    std::uint64_t sum = 0;
    for (Index i = 0; i < k; ++i)
      sum += static_cast<std::uint64_t>(a[i * a_step]) * static_cast<std::uint64_t>(b[i * b_step]);
    return static_cast<T>(sum);
  } else {
    using C = Compute<T, Real>;
    C sum = 0;
    for (Index i = 0; i < k; ++i)
      sum = std::fma(static_cast<C>(a[i * a_step]), static_cast<C>(b[i * b_step]), sum);
    return sum;
  }
}

bool multiplies(DType t) { return is_number(t) && t != DType::kInt4 && t != DType::kUInt4; }

template <class Visit>
Fault dispatch_product(DType dtype, Visit&& visit) {
  return dispatch_number(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Int4> || std::is_same_v<T, UInt4>)
      return Fault{Status::Fault::kInternal, 0, 0};
    else return visit(tag);
  });
}

void require_equal(const Dim& p, const Dim& q, const Dims& a, const Dims& b) {
  ENGINE_VALIDATE(!p.known() || !q.known() || p.value() == q.value(), "A is ", to_string(a),
                  ", B is ", to_string(b), ": ", to_string(p), " != ", to_string(q));
}

}  // namespace

std::vector<TensorType> MatMul::infer(const Operands& in, Index) const {
  require_type(in, 0, "A", multiplies, "a number type");
  require_same_type(in, 0, "A", 1, "B");
  const TensorType &a = in.type(0), &b = in.type(1);
  if (!a.ranked || !b.ranked) return {TensorType::unranked(a.dtype)};
  return {TensorType(a.dtype, matmul_output(a.dims, b.dims))};
}

Index MatMul::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  const auto y = out[0].shape();
  const Dim k = in[0].dims.empty() ? Dim(1) : in[0].dims.back();
  return y && k.known() ? 2 * k.value() * product(*y, 0, static_cast<Index>(y->size())) : 0;
}

template <class Real>
Fault MatMul::compute(Inputs in, Outputs out) const {
  const MatMulPlan p = plan_matmul(in[0].shape(), in[1].shape());
  return dispatch_product(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* y = out[0].as<T>();
    for (std::size_t i = 0; i < p.a_matrix.size(); ++i) {
      const T* a = in[0].as<T>() + p.a_matrix[i] * p.rows * p.k;
      const T* b = in[1].as<T>() + p.b_matrix[i] * p.k * p.columns;
      for (Index r = 0; r < p.rows; ++r)
        for (Index c = 0; c < p.columns; ++c)
          *y++ = T(dot<Real>(a + r * p.k, 1, b + c, p.columns, p.k));
    }
    return kNoFault;
  });
}

std::vector<TensorType> Gemm::infer(const Operands& in, Index) const {
  require_type(in, 0, "A", multiplies, "a number type");
  require_same_type(in, 0, "A", 1, "B");
  require_rank(in, 0, "A", 2);
  require_rank(in, 1, "B", 2);
  const TensorType &a = in.type(0), &b = in.type(1);
  if (!a.ranked || !b.ranked) return {TensorType(a.dtype, Dims{Dim::unknown(), Dim::unknown()})};
  require_equal(a.dims[trans_a ? 0 : 1], b.dims[trans_b ? 1 : 0], a.dims, b.dims);
  const Dims y = {a.dims[trans_a ? 1 : 0], b.dims[trans_b ? 0 : 1]};
  if (in.has(2)) {
    require_same_type(in, 0, "A", 2, "C");
    const TensorType& c = in.type(2);
    if (c.ranked) {
      const Dims both = broadcast(y, c.dims);
      ENGINE_VALIDATE(both.size() == 2, "C is ", to_string(c.dims), ", the result ", to_string(y),
                      " (C must broadcast to it)");
      for (std::size_t i = 0; i < 2; ++i)
        ENGINE_VALIDATE(!both[i].known() || !y[i].known() || both[i] == y[i], "C is ",
                        to_string(c.dims), ", the result ", to_string(y),
                        " (C must broadcast to it)");
    }
  }
  return {TensorType(a.dtype, y)};
}

Index Gemm::flops(std::span<const TensorType> in, std::span<const TensorType> out) const {
  const auto y = out[0].shape();
  const Dim& k = in[0].dims[trans_a ? 0 : 1];
  return y && k.known() ? 2 * k.value() * product(*y, 0, 2) : 0;
}

std::string Gemm::describe() const {
  return concat(trans_a ? "transA " : "", trans_b ? "transB " : "", "alpha=", alpha,
                " beta=", beta);
}

template <class Real>
Fault Gemm::compute(Inputs in, Outputs out) const {
  const Index m = out[0].shape()[0], n = out[0].shape()[1];
  const Index k = in[0].shape()[trans_a ? 0 : 1];
  const bool has_c = in.size() > 2 && in[2];
  const Shape c_strides = has_c ? broadcast_strides(in[2].shape(), out[0].shape()) : Shape{0, 0};
  return dispatch_product(in[0].dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using C = std::conditional_t<std::is_integral_v<T>, double, Compute<T, Real>>;
    const T* a = in[0].as<T>();
    const T* b = in[1].as<T>();
    const T* c = has_c ? in[2].as<T>() : nullptr;
    T* y = out[0].as<T>();
    for (Index r = 0; r < m; ++r)
      for (Index q = 0; q < n; ++q) {
        const auto sum = dot<Real>(trans_a ? a + r : a + r * k, trans_a ? m : 1,
                                   trans_b ? b + q * k : b + q, trans_b ? 1 : n, k);
        C value = C(alpha) * static_cast<C>(sum);
        if (c)
          value = std::fma(C(beta), static_cast<C>(c[r * c_strides[0] + q * c_strides[1]]), value);
        y[r * n + q] = store<T>(value);
      }
    return kNoFault;
  });
}

OperatorPtr make_MatMul(const Attributes&) { return std::make_shared<MatMul>(); }
OperatorPtr make_Gemm(const Attributes& a) {
  return std::make_shared<Gemm>(a.flag("transA", false), a.flag("transB", false),
                                a.number("alpha", 1.0f), a.number("beta", 1.0f));
}

}  // namespace engine::ops
