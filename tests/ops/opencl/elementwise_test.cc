// Element-wise operators on integers and bools, comparisons, Where, Tile and Cast on OpenCL: all
// elements as the contract's scalar text has them.
#include "base/text.h"
#include "ops/opencl/device_fixture.h"

#include <cmath>
#include <limits>

namespace engine::test {
namespace {

constexpr DType kIntegers[] = {DType::kInt8,  DType::kUInt8,  DType::kInt16, DType::kUInt16,
                               DType::kInt32, DType::kUInt32, DType::kInt64, DType::kUInt64};

using OpenClElementwise = OnDevice;

// Divisors: any bits, -1 among them, without 0.
Tensor divisors(DType dtype, Shape shape, unsigned seed) {
  Tensor tensor = any_bits(dtype, std::move(shape), seed);
  auto* bytes = static_cast<unsigned char*>(tensor.mutable_data());
  const std::size_t width = size_of(dtype);
  for (std::size_t i = 0; i < tensor.bytes(); i += width) {
    bytes[i] |= 1u;
    if (i / width % 5 == 1) std::fill_n(bytes + i, width, static_cast<unsigned char>(0xff));
  }
  return tensor;
}

Tensor flags(Shape shape, unsigned seed) {
  return random(DType::kBool, std::move(shape), seed, 0, 2);
}

const std::pair<Shape, Shape> kShapes[] = {{{3, 5, 21}, {3, 5, 21}},
                                           {{3, 5, 21}, {21}},
                                           {{3, 1, 7}, {4, 1}},
                                           {{}, {2, 3}},
                                           {{2100}, {1}},
                                           {{0, 3}, {3}}};

TEST_F(OpenClElementwise, IntegersWrap) {
  for (const DType dtype : kIntegers)
    for (const auto& [a, b] : kShapes)
      for (const char* name :
           {"Add", "Sub", "Mul", "Max", "Min", "BitwiseAnd", "BitwiseOr", "BitwiseXor"})
        check(name, {any_bits(dtype, a, 1), any_bits(dtype, b, 2)});
}

TEST_F(OpenClElementwise, QuotientsAndRemainders) {
  for (const DType dtype : kIntegers)
    for (const auto& [a, b] : kShapes) {
      const Tensor x = any_bits(dtype, a, 3), y = divisors(dtype, b, 4);
      check("Div", {x, y});
      check("Mod", {x, y});
      check("Mod", {x, y}, attributes({{"fmod", Index{1}}}));
    }
}

TEST_F(OpenClElementwise, DivisionByZeroIsAFault) {
  for (const char* name : {"Div", "Mod"}) {
    const auto op = make_operator("", name, {});
    const Tensor x = Tensor::of<Index>({3}, {1, 2, 3}), y = Tensor::of<Index>({3}, {1, 0, 2});
    Tensor z(DType::kInt64, {3});
    const std::vector<ops::Input> in = {ops::view(x), ops::view(y)};
    const std::vector<ops::Output> out = {ops::mutable_view(z)};
    const auto kernel = device_backend()->bind({*op, in, out, nullptr});
    const void* from[] = {x.data(), y.data()};
    void* to[] = {z.mutable_data()};
    Pool pool(1, nullptr);
    const ops::Fault fault = kernel->run({from, to, nullptr, pool});
    EXPECT_FALSE(kernel->is_fallback());
    EXPECT_EQ(fault.kind, Status::Fault::kDivisionByZero) << name;
    EXPECT_EQ(fault.a, 0);
  }
}

TEST_F(OpenClElementwise, OneOperand) {
  for (const DType dtype : kIntegers)
    for (const char* name : {"Abs", "Neg", "Relu", "Sign", "BitwiseNot"})
      check(name, {any_bits(dtype, {5, 33}, 5)});
  check("Not", {flags({5, 33}, 6)});
}

TEST_F(OpenClElementwise, SeveralOperands) {
  for (const char* name : {"Max", "Min", "Sum"}) {
    const Tensor x = random_special({3, 1, 21}, 1, 6), y = random_special({5, 21}, 2, 6);
    check(name, {x});
    check(name, {x, y, random_special({21}, 3, 6)});
    check(name, {x, y, random_special({1, 1}, 4, 6), random_special({3, 5, 21}, 5, 6)});
    check(name, {any_bits(DType::kInt32, {7}, 1), any_bits(DType::kInt32, {3, 7}, 2),
                 any_bits(DType::kInt32, {1}, 3)});
  }
}

TEST_F(OpenClElementwise, Comparisons) {
  for (const auto& [a, b] : kShapes) {
    for (const char* name : {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"}) {
      for (const DType dtype : kIntegers)
        check(name, {any_bits(dtype, a, 7), any_bits(dtype, b, 8)});
      check(name, {random_special(a, 1, 3), random_special(b, 2, 3)});
    }
    check("Equal", {flags(a, 9), flags(b, 10)});
    for (const char* name : {"And", "Or", "Xor"}) check(name, {flags(a, 11), flags(b, 12)});
  }
  check("IsNaN", {random_special({5, 33}, 3, 3)});
}

TEST_F(OpenClElementwise, WherePicks) {
  for (const DType dtype : {DType::kUInt8, DType::kInt16, DType::kInt32, DType::kInt64})
    for (const auto& [a, b] : kShapes) {
      check("Where", {flags(a, 13), any_bits(dtype, b, 14), any_bits(dtype, {1}, 15)});
      check("Where", {flags({1}, 16), any_bits(dtype, a, 17), any_bits(dtype, b, 18)});
    }
  check("Where", {flags({3, 5, 21}, 19), random_special({5, 21}, 4, 3), random_special({1}, 5, 3)});
}

TEST_F(OpenClElementwise, TileRepeats) {
  for (const DType dtype : {DType::kUInt8, DType::kInt16, DType::kFloat32, DType::kInt64}) {
    check("Tile", {any_bits(dtype, {2, 3, 5}, 22), Tensor::of<Index>({3}, {3, 1, 2})});
    check("Tile", {any_bits(dtype, {1, 21}, 23), Tensor::of<Index>({2}, {4, 1})});
    check("Tile", {any_bits(dtype, {3, 2}, 24), Tensor::of<Index>({2}, {0, 2})});
  }
}

TEST_F(OpenClElementwise, Casts) {
  std::vector<DType> types(std::begin(kIntegers), std::end(kIntegers));
  types.push_back(DType::kFloat32);
  types.push_back(DType::kBool);
  const float far = std::numeric_limits<float>::infinity(), none = std::nanf("");
  const Tensor floats = Tensor::of<float>({24}, {0.0f,
                                                 -0.0f,
                                                 0.9f,
                                                 -0.9f,
                                                 1.5f,
                                                 -1.5f,
                                                 127,
                                                 128,
                                                 -128,
                                                 -129,
                                                 255,
                                                 256,
                                                 32767,
                                                 32768,
                                                 -32769,
                                                 65536,
                                                 2147483648.0f,
                                                 -2147483648.0f,
                                                 4294967296.0f,
                                                 9223372036854775808.0f,
                                                 -9223372036854775808.0f,
                                                 18446744073709551616.0f,
                                                 far,
                                                 none});
  for (const DType to : types) {
    const auto a = attributes({{"to", static_cast<Index>(to == DType::kFloat32  ? 1
                                                         : to == DType::kUInt8  ? 2
                                                         : to == DType::kInt8   ? 3
                                                         : to == DType::kUInt16 ? 4
                                                         : to == DType::kInt16  ? 5
                                                         : to == DType::kInt32  ? 6
                                                         : to == DType::kInt64  ? 7
                                                         : to == DType::kBool   ? 9
                                                         : to == DType::kUInt32 ? 12
                                                                                : 13)}});
    for (const DType from : kIntegers) check("Cast", {any_bits(from, {5, 33}, 20)}, a);
    check("Cast", {flags({40}, 21)}, a);
    check("Cast", {floats}, a);
    check("Cast", {random_special({1500}, 6, 3)}, a);
    check("CastLike", {floats, Tensor(to, {1})});
  }
}

}  // namespace
}  // namespace engine::test
