#include "numerics/contract.h"
#include "ops/dense.h"
#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

Tensor values(Shape shape, unsigned seed) {
  return random(DType::kFloat64, std::move(shape), seed);
}

OperatorCase dense(Index rows, Index k, Index n, bool transposed, bool fused) {
  OperatorCase c;
  c.name = "Dense " + std::to_string(rows) + " x " + std::to_string(k) + " x " + std::to_string(n);
  ops::Epilogue epilogue;
  epilogue.residual = fused;
  if (fused) epilogue.activation = numerics::Activation::kTanh;
  c.op = std::make_shared<ops::Dense>(transposed, epilogue);
  c.inputs = {values({rows, k}, 1), values(transposed ? Shape{n, k} : Shape{k, n}, 2)};
  c.constants = 0b10;
  if (fused) c.inputs.insert(c.inputs.end(), {values({n}, 3), values({rows, n}, 4)});
  return c;
}

// One, two and four segments, of one section and of several; tiles short of rows and of columns.
TEST(Product64, Dense) {
  for (const Index n : {1, 8, 17, 33})
    for (const Index k : {Index{1}, Index{5}, Index{40}, 4 * numerics::kSectionTerms + 9})
      for (const Index rows : {1, 4, 7})
        for (const bool transposed : {false, true})
          for (const bool fused : {false, true})
            check_operator(dense(rows, k, n, transposed, fused));
}

TEST(Product64, MatMul) {
  for (const auto& [a, b] : {std::pair<Shape, Shape>{{5, 9}, {9, 11}},
                             {{3, 1, 5, 9}, {2, 9, 8}},
                             {{9}, {9, 4}},
                             {{4, 9}, {9}},
                             {{2, 3, 0}, {2, 0, 4}}}) {
    OperatorCase c;
    c.name = "MatMul " + to_string(a) + " " + to_string(b);
    c.op = make_operator("", "MatMul", attributes({}));
    c.inputs = {values(a, 1), values(b, 2)};
    check_operator(c);
  }
}

TEST(Product64, TheKernelIsTaken) {
  std::string kernel;
  run_backend(dense(2, 3, 4, false, false), *cpu::make_backend(Isa::kScalar), 1, &kernel);
  EXPECT_EQ(kernel, "product64[scalar]");
}

}  // namespace
}  // namespace engine::test
