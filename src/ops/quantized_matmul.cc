// Matrix products of quantised tensors, a [.., rows, k] times b [.., k, columns] as numpy.matmul:
//   sum[i, j] = sum over k of (a[i, k] - a_zero[i]) * (b[k, j] - b_zero[j])   exact, wrapping
//   MatMulInteger  y = sum                                                    int32
//   QLinearMatMul  y = saturate(round(sum * (a_scale[i] * b_scale[j] / y_scale)) + y_zero)
// with float32 arithmetic behind the sum, and halves rounded to even. Zero points and scales have
// one element, or one per row of a ([rows] or [.., rows, 1]) and per column of b ([columns] or
// [.., 1, columns]). Meaning: ONNX MatMulInteger, opset 10, and QLinearMatMul, opset 21.
#include "ops/attributes.h"
#include "ops/matmul_shape.h"
#include "ops/operator.h"
#include "ops/requantize.h"

namespace engine::ops {
namespace {

// Throws unless a zero point or scale has one of the legal shapes for its operand.
void check_parameter(const TensorType& parameter, const TensorType& operand, bool is_a,
                     const char* name) {
  const auto shape = parameter.shape();
  if (!shape || element_count(*shape) == 1 || !operand.ranked || operand.rank() == 0) return;
  const std::size_t last = operand.dims.size() - 1;
  Dims wanted = operand.dims;
  if (operand.rank() > 1) wanted[is_a ? last : last - 1] = 1;
  const std::size_t kept = is_a && last > 0 ? last - 1 : last;  // the axis that parameters follow
  if (shape->size() == 1) wanted = {operand.dims[kept]};
  bool fits = wanted.size() == shape->size() && (!is_a || operand.rank() > 1);
  fits = fits && (is_a || operand.rank() > 1);
  for (std::size_t i = 0; fits && i < wanted.size(); ++i)
    fits = !wanted[i].known() || wanted[i].value() == (*shape)[i];
  ENGINE_VALIDATE(fits, name, " is ", to_string(*shape), " (one element or ", to_string(wanted),
                  " needed, one per ", is_a ? "row" : "column", ")");
}

// Which element of a parameter belongs to row or column `i` of matrix `matrix`.
Index position(const Input& parameter, Index matrix, Index i, Index extent) {
  if (parameter.size() == 1) return 0;
  return parameter.rank() == 1 ? i : matrix * extent + i;
}

// Calls visit(flat output position, batch, row, column, sum).
template <class A, class B, class Visit>
void multiply(const MatMulPlan& plan, const Input& a, const Input& b, const Input& a_zero,
              const Input& b_zero, Visit&& visit) {
  Index out = 0;
  for (Index n = 0; n < plan.batch; ++n) {
    const auto batch = static_cast<std::size_t>(n);
    const A* left = a.as<A>() + plan.a_matrix[batch] * plan.rows * plan.k;
    const B* right = b.as<B>() + plan.b_matrix[batch] * plan.k * plan.columns;
    for (Index i = 0; i < plan.rows; ++i) {
      const std::int32_t za =
          a_zero ? a_zero.as<A>()[position(a_zero, plan.a_matrix[batch], i, plan.rows)] : 0;
      for (Index j = 0; j < plan.columns; ++j, ++out) {
        const std::int32_t zb =
            b_zero ? b_zero.as<B>()[position(b_zero, plan.b_matrix[batch], j, plan.columns)] : 0;
        std::uint32_t sum = 0;
        for (Index k = 0; k < plan.k; ++k)
          sum += static_cast<std::uint32_t>((left[i * plan.k + k] - za) *
                                            (right[k * plan.columns + j] - zb));
        visit(out, batch, i, j, static_cast<std::int32_t>(sum));
      }
    }
  }
}

std::vector<TensorType> product_type(const TensorType& a, const TensorType& b, DType dtype) {
  if (!a.ranked || !b.ranked) return {TensorType::unranked(dtype)};
  return {TensorType(dtype, matmul_output(a.dims, b.dims))};
}

struct MatMulInteger : ComputingOperator<MatMulInteger> {
  std::string_view name() const noexcept override { return "MatMulInteger"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "A", is_int8, "int8 or uint8");
    require_type(in, 1, "B", is_int8, "int8 or uint8");
    if (in.has(2)) {
      require_same_type(in, 0, "A", 2, "a_zero_point");
      check_parameter(in.type(2), in.type(0), true, "a_zero_point");
    }
    if (in.has(3)) {
      require_same_type(in, 1, "B", 3, "b_zero_point");
      check_parameter(in.type(3), in.type(1), false, "b_zero_point");
    }
    return product_type(in.type(0), in.type(1), DType::kInt32);
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    const MatMulPlan plan = plan_matmul(in[0].shape(), in[1].shape());
    std::int32_t* y = out[0].as<std::int32_t>();
    dispatch_int8(in[0].dtype, [&](auto a) {
      dispatch_int8(in[1].dtype, [&](auto b) {
        multiply<typename decltype(a)::type, typename decltype(b)::type>(
            plan, in[0], in[1], in.size() > 2 ? in[2] : Input{}, in.size() > 3 ? in[3] : Input{},
            [&](Index o, std::size_t, Index, Index, std::int32_t sum) { y[o] = sum; });
      });
    });
    return kNoFault;
  }
};

struct QLinearMatMul : ComputingOperator<QLinearMatMul> {
  std::string_view name() const noexcept override { return "QLinearMatMul"; }

  std::vector<TensorType> infer(const Operands& in, Index) const override {
    require_type(in, 0, "a", is_int8, "int8 or uint8");
    require_type(in, 3, "b", is_int8, "int8 or uint8");
    require_type(in, 7, "y_zero_point", is_int8, "int8 or uint8");
    require_same_type(in, 0, "a", 2, "a_zero_point");
    require_same_type(in, 3, "b", 5, "b_zero_point");
    require_type(in, 1, "a_scale", is_scale, "float32, float16 or bfloat16");
    require_same_type(in, 1, "a_scale", 4, "b_scale");
    require_same_type(in, 1, "a_scale", 6, "y_scale");
    check_parameter(in.type(1), in.type(0), true, "a_scale");
    check_parameter(in.type(2), in.type(0), true, "a_zero_point");
    check_parameter(in.type(4), in.type(3), false, "b_scale");
    check_parameter(in.type(5), in.type(3), false, "b_zero_point");
    for (const Index i : {6, 7})
      if (const auto shape = in.type(i).shape())
        ENGINE_VALIDATE(element_count(*shape) == 1, i == 6 ? "y_scale" : "y_zero_point", " is ",
                        to_string(*shape), " (one element needed)");
    return product_type(in.type(0), in.type(3), in.dtype(7));
  }

  static bool is_scale(DType t) { return is_float(t) && t != DType::kFloat64; }

  template <class A, class B, class Y, class S>
  void run(Inputs in, const Output& out) const {
    const MatMulPlan plan = plan_matmul(in[0].shape(), in[3].shape());
    const float y_scale = static_cast<float>(in[6].as<S>()[0]);
    const std::int64_t zero = in[7].as<Y>()[0];
    Y* y = out.as<Y>();
    multiply<A, B>(plan, in[0], in[3], in[2], in[5],
                   [&](Index o, std::size_t n, Index i, Index j, std::int32_t sum) {
                     const Index row = position(in[1], plan.a_matrix[n], i, plan.rows);
                     const Index column = position(in[4], plan.b_matrix[n], j, plan.columns);
                     const float scale = static_cast<float>(in[1].as<S>()[row]) *
                                         static_cast<float>(in[4].as<S>()[column]) / y_scale;
                     y[o] = requantize<Y>(sum, scale, zero);
                   });
  }

  template <class>
  Fault compute(Inputs in, Outputs out) const {
    dispatch_int8(in[0].dtype, [&](auto a) {
      dispatch_int8(in[3].dtype, [&](auto b) {
        dispatch_int8(out[0].dtype, [&](auto y) {
          dispatch_float(in[1].dtype, [&](auto s) {
            run<typename decltype(a)::type, typename decltype(b)::type, typename decltype(y)::type,
                typename decltype(s)::type>(in, out[0]);
          });
        });
      });
    });
    return kNoFault;
  }
};

}  // namespace

OperatorPtr make_MatMulInteger(const Attributes&) { return std::make_shared<MatMulInteger>(); }
OperatorPtr make_QLinearMatMul(const Attributes&) { return std::make_shared<QLinearMatMul>(); }

}  // namespace engine::ops
