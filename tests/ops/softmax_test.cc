#include "support/operator_case.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

OperatorCase make_case(const char* op, Tensor x, Index axis) {
  OperatorCase c;
  c.name = std::string(op) + " " + to_string(x.shape()) + " axis " + std::to_string(axis);
  c.op = make_operator("", op, attributes({{"axis", axis}}));
  c.inputs = {std::move(x)};
  return c;
}

// Rows that stay in registers, full and short of a vector, and longer ones; rows left over from
// those that go together.
TEST(Softmax, Rows) {
  for (const char* op : {"Softmax", "LogSoftmax"})
    for (const Index n : {1, 2, 5, 8, 9, 15, 16, 17, 31, 32, 33, 48, 60, 64, 65, 200})
      for (const Index rows : {1, 4, 7, 16, 35}) {
        check_operator(make_case(op, random(DType::kFloat32, {rows, n}, 2, -8, 8), -1));
        for (const int rarity : {8, 64})
          check_bits(make_case(op, random_special({rows, n}, 3, rarity), -1));
      }
}

TEST(Softmax, OtherAxes) {
  for (const char* op : {"Softmax", "LogSoftmax"})
    for (const Index axis : {0, 1}) {
      check_operator(make_case(op, random(DType::kFloat32, {5, 18, 21}, 2, -8, 8), axis));
      check_bits(make_case(op, random_special({5, 18, 21}, 3, 16), axis));
    }
}

}  // namespace
}  // namespace engine::test
