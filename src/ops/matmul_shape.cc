#include "ops/matmul_shape.h"

#include "base/check.h"
#include "base/shape.h"

#include <utility>

namespace engine::ops {
namespace {

// An operand as [.., row, column]; rank 1 gets the missing axis.
template <class Extents>
Extents as_matrices(Extents x, bool is_a, bool transposed) {
  if (x.size() == 1) {
    x.insert(is_a ? x.begin() : x.end(), 1);
  } else if (transposed) {
    std::swap(x[x.size() - 1], x[x.size() - 2]);
  }
  return x;
}

}  // namespace

Dims matmul_output(const Dims& a, const Dims& b, Transposed transposed) {
  ENGINE_VALIDATE(!a.empty() && !b.empty(), "A is ", to_string(a), ", B is ", to_string(b),
                  " (scalars cannot be multiplied; use Mul)");
  const Dims left = as_matrices(a, true, transposed.a), right = as_matrices(b, false, transposed.b);
  const Dim &k = left.back(), &other = right[right.size() - 2];
  ENGINE_VALIDATE(!k.known() || !other.known() || k == other, "A is ", to_string(a), ", B is ",
                  to_string(b), ": ", to_string(k), " != ", to_string(other));
  Dims out = broadcast(Dims(left.begin(), left.end() - 2), Dims(right.begin(), right.end() - 2));
  if (a.size() > 1) out.push_back(left[left.size() - 2]);
  if (b.size() > 1) out.push_back(right.back());
  return out;
}

MatMulPlan plan_matmul(const Shape& a, const Shape& b, Transposed transposed) {
  const Shape left = as_matrices(a, true, transposed.a);
  const Shape right = as_matrices(b, false, transposed.b);
  MatMulPlan plan;
  plan.rows = left[left.size() - 2];
  plan.k = left.back();
  plan.columns = right.back();
  const bool swap_a = transposed.a && a.size() > 1, swap_b = transposed.b && b.size() > 1;
  plan.a_row = swap_a ? 1 : plan.k;
  plan.a_k = swap_a ? plan.rows : 1;
  plan.b_k = swap_b ? 1 : plan.columns;
  plan.b_column = swap_b ? plan.k : 1;

  const Shape a_batch(left.begin(), left.end() - 2), b_batch(right.begin(), right.end() - 2);
  const Shape batch = *broadcast(a_batch, b_batch);
  const Shape a_strides = broadcast_strides(a_batch, batch);
  const Shape b_strides = broadcast_strides(b_batch, batch);
  // An empty matrix leaves nothing to do, however many there are.
  const bool empty = plan.rows == 0 || plan.columns == 0;
  plan.batch = empty ? 0 : product(batch, 0, static_cast<Index>(batch.size()));
  for (Index i = 0; i < plan.batch; ++i) {
    Index rest = i, a_at = 0, b_at = 0;
    for (std::size_t axis = batch.size(); axis-- > 0; rest /= batch[axis]) {
      a_at += rest % batch[axis] * a_strides[axis];
      b_at += rest % batch[axis] * b_strides[axis];
    }
    plan.a_matrix.push_back(a_at);
    plan.b_matrix.push_back(b_at);
  }
  return plan;
}

}  // namespace engine::ops
