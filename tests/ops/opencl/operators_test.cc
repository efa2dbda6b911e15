// Operators with kernels of their own on OpenCL that the table of bit cases does not have.
#include "ops/opencl/device_fixture.h"

#include <gmock/gmock.h>

#include <limits>

namespace engine::test {
namespace {

using Ints = std::vector<Index>;
using OpenClOperators = OnDevice;

Tensor ints(Ints values) {
  return Tensor::of<Index>({static_cast<Index>(values.size())}, std::span<const Index>(values));
}
Tensor floats(std::vector<float> values) {
  return Tensor::of<float>({static_cast<Index>(values.size())}, std::span<const float>(values));
}
Tensor bytes(DType dtype, Shape shape, unsigned seed) {
  return any_bits(dtype, std::move(shape), seed);
}
// Indices from -n on, below n.
Tensor indices(DType dtype, Shape shape, Index n, unsigned seed) {
  const auto end = static_cast<double>(n);
  return random(dtype, std::move(shape), seed, -end, end - 1e-9);
}

constexpr DType kOfEachSize[] = {DType::kUInt8, DType::kInt16, DType::kFloat32, DType::kInt64};

TEST_F(OpenClOperators, PositionsOfExtremes) {
  for (const char* name : {"ArgMax", "ArgMin"})
    for (const Index last : {0, 1})
      for (const Index axis : {0, 1, 2}) {
        const auto a = attributes({{"axis", axis}, {"select_last_index", last}});
        check(name, {random_special({3, 19, 4}, 1, 4)}, a);
        for (const DType dtype : {DType::kInt8, DType::kUInt16, DType::kInt32, DType::kUInt64})
          check(name, {bytes(dtype, {3, 19, 4}, 2)}, a);
      }
  for (const Index axis : {0, 1, -1})
    check("Hardmax", {random_special({3, 5, 7}, 3, 4)}, attributes({{"axis", axis}}));
}

TEST_F(OpenClOperators, RunningSumsAndProducts) {
  for (const char* name : {"CumSum", "CumProd"})
    for (const Index exclusive : {0, 1})
      for (const Index reverse : {0, 1})
        for (const std::int32_t axis : {0, 1, -1}) {
          const auto a = attributes({{"exclusive", exclusive}, {"reverse", reverse}});
          check(name, {random_special({3, 7, 5}, 1, 40), Tensor::scalar(axis)}, a);
          check(name, {bytes(DType::kInt32, {3, 7, 5}, 2), Tensor::scalar(Index{axis})}, a);
          check(name, {bytes(DType::kUInt64, {3, 7, 5}, 3), Tensor::scalar(axis)}, a);
        }
}

TEST_F(OpenClOperators, TrianglesKeepOneSide) {
  for (const DType dtype : kOfEachSize)
    for (const Index upper : {0, 1}) {
      const auto a = attributes({{"upper", upper}});
      check("Trilu", {bytes(dtype, {2, 5, 7}, 1)}, a);
      for (const Index k : {Index{-3}, Index{2}, Index{90}, std::numeric_limits<Index>::min()})
        check("Trilu", {bytes(dtype, {2, 7, 5}, 2), Tensor::scalar(k)}, a);
    }
}

TEST_F(OpenClOperators, PadsOfAllModes) {
  for (const char* mode : {"constant", "edge", "reflect", "wrap"})
    for (const DType dtype : kOfEachSize) {
      const auto a = attributes({{"mode", std::string(mode)}});
      check("Pad", {bytes(dtype, {3, 4, 5}, 1), ints({1, 0, 2, 2, 5, 9}), bytes(dtype, {1}, 2)}, a,
            {true}, 0b1010);
      check("Pad", {bytes(dtype, {3, 4, 5}, 3), ints({-1, 0, 3, 0, -2, -1})}, a, {true}, 0b1010);
      check("Pad", {bytes(dtype, {6, 5}, 4), ints({2, 1}), Tensor(), ints({-1})}, a, {true},
            0b1010);
    }
}

TEST_F(OpenClOperators, SequencesAreReversed) {
  for (const DType dtype : kOfEachSize) {
    const auto batch_first = attributes({{"batch_axis", Index{0}}, {"time_axis", Index{1}}});
    check("ReverseSequence", {bytes(dtype, {7, 3, 2, 5}, 1), ints({0, 7, 4})});
    check("ReverseSequence", {bytes(dtype, {3, 7, 5}, 2), ints({1, 6, 7})}, batch_first);
  }
}

TEST_F(OpenClOperators, GatherAndScatterAlongAnAxis) {
  for (const DType dtype : kOfEachSize)
    for (const DType index : {DType::kInt32, DType::kInt64})
      for (const Index axis : {0, 1, 2}) {
        const auto a = attributes({{"axis", axis}});
        const Shape data = {4, 6, 5}, used = {4, 3, 5};
        const Tensor at = indices(index, used, data[static_cast<std::size_t>(axis)], 1);
        check("GatherElements", {bytes(dtype, data, 2), at}, a);
        check("ScatterElements", {bytes(dtype, data, 3), at, bytes(dtype, used, 4)}, a);
      }
  for (const char* reduction : {"add", "mul", "max", "min"})
    check("ScatterElements",
          {random_special({4, 6}, 1, 6), indices(DType::kInt64, {40, 6}, 4, 2),
           random_special({40, 6}, 3, 6)},
          attributes({{"reduction", std::string(reduction)}, {"axis", Index{0}}}));
}

TEST_F(OpenClOperators, IndicesOutsideAreFaults) {
  const auto op = make_operator("", "GatherElements", {});
  const Tensor x = random(DType::kFloat32, {3, 2}, 1), at = Tensor::of<Index>({1, 2}, {0, 3});
  Tensor y(DType::kFloat32, {1, 2});
  const std::vector<ops::Input> in = {ops::view(x), ops::view(at)};
  const std::vector<ops::Output> out = {ops::mutable_view(y)};
  const auto kernel = device_backend()->bind({*op, in, out, nullptr});
  const void* from[] = {x.data(), at.data()};
  void* to[] = {y.mutable_data()};
  Pool pool(1, nullptr);
  const ops::Fault fault = kernel->run({from, to, nullptr, pool});
  EXPECT_FALSE(kernel->is_fallback());
  EXPECT_EQ(fault.kind, Status::Fault::kIndexOutOfRange);
  EXPECT_EQ(fault.a, 3);
  EXPECT_EQ(fault.b, 3);
}

TEST_F(OpenClOperators, LossesOverClasses) {
  for (const char* name : {"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"})
    for (const char* reduction : {"none", "sum", "mean"})
      for (const DType label : {DType::kInt32, DType::kInt64}) {
        const auto a =
            attributes({{"reduction", std::string(reduction)}, {"ignore_index", Index{2}}});
        const Tensor labels = random(label, {4, 33}, 1, 0, 4.99);
        const bool softmax = name[0] == 'S';
        check(name,
              {random(DType::kFloat32, {4, 5, 33}, 2, -5, 5), labels,
               random(DType::kFloat32, {5}, 3)},
              a, softmax ? std::vector<bool>{true, true} : std::vector<bool>{true});
        check(name, {random_special({4, 5, 33}, 4, 6), labels}, a);
      }
}

TEST_F(OpenClOperators, BlocksTradePlacesWithChannels) {
  for (const char* mode : {"DCR", "CRD"}) {
    const auto a = attributes({{"blocksize", Index{2}}, {"mode", std::string(mode)}});
    check("DepthToSpace", {bytes(DType::kInt16, {2, 12, 3, 5}, 1)}, a);
    check("SpaceToDepth", {bytes(DType::kFloat32, {2, 3, 4, 6}, 2)}, a);
  }
}

TEST_F(OpenClOperators, FunctionsOfOneTensor) {
  const Tensor halves = floats({0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 0x1p23f, -0.0f, 0.49999997f});
  for (const char* name : {"Round", "Sign", "IsInf"}) {
    check(name, {halves});
    check(name, {random_special({5, 33}, 1, 4)});
  }
  check("IsInf", {random_special({99}, 2, 3)}, attributes({{"detect_positive", Index{0}}}));
  check("IsInf", {random_special({99}, 3, 3)}, attributes({{"detect_negative", Index{0}}}));
  check("Shrink", {random_special({5, 33}, 4, 6)}, attributes({{"lambd", 0.75f}, {"bias", 0.25f}}));
}

TEST_F(OpenClOperators, ClipsToOperands) {
  const Tensor x = random_special({5, 33}, 1, 6);
  check("Clip", {x, Tensor::scalar(-0.5f), Tensor::scalar(0.25f)});
  check("Clip", {x, Tensor(), Tensor::scalar(0.25f)});
  check("Clip", {x, Tensor::scalar(-0.0f)});
  for (const DType dtype : {DType::kInt8, DType::kUInt8, DType::kInt32, DType::kUInt64})
    check("Clip", {bytes(dtype, {77}, 2), bytes(dtype, {}, 3), bytes(dtype, {}, 4)});
}

TEST_F(OpenClOperators, SeveralTensorsAndRemainders) {
  const Tensor x = random_special({3, 1, 21}, 1, 6), y = random_special({5, 21}, 2, 6);
  check("Mean", {x});
  check("Mean", {x, y, random_special({21}, 3, 6)});
  for (const Index fmod : {0, 1})
    check("Mod", {random_special({400}, 4, 12), random_special({400}, 5, 12)},
          attributes({{"fmod", fmod}}));
  for (const DType dtype : {DType::kInt8, DType::kUInt16, DType::kInt32, DType::kUInt64})
    for (const char* direction : {"LEFT", "RIGHT"})
      check("BitShift", {bytes(dtype, {300}, 6), random(dtype, {300}, 7, 0, 80)},
            attributes({{"direction", std::string(direction)}}));
}

TEST_F(OpenClOperators, NarrowAndWideFloats) {
  // Near-ties of every width among them.
  std::vector<float> values;
  for (const float base : {1.0f, 0x1p-14f, 0x1p-24f, 0x1p-25f, 65504.0f, 65519.996f, 3e38f})
    for (const float step : {0.0f, 0x1p-24f, 0x1p-11f, 0x1p-12f, 0x1.001p-11f, 0x1p-9f})
      for (const float sign : {1.0f, -1.0f}) values.push_back(sign * base * (1 + step));
  const Index float16 = 10, bfloat16 = 16, float64 = 11, float32 = 1;
  const auto to = [](Index type) { return attributes({{"to", type}}); };
  const Tensor random_floats = random_special({900}, 1, 6);
  for (const Index type : {float16, bfloat16, float64}) {
    check("Cast", {floats(values)}, to(type));
    check("Cast", {random_floats}, to(type));
  }
  for (const DType from : {DType::kFloat16, DType::kBFloat16})
    for (const Index type : {float32, float64, float16, bfloat16, Index{3}, Index{7}, Index{9}})
      check("Cast", {any_bits(from, {4000}, 2)}, to(type));
  for (const Index type : {float16, bfloat16})
    check("Cast", {any_bits(DType::kInt32, {99}, 3)}, to(type));
  std::vector<double> wide;
  for (const float value : values)
    for (const double step : {0.0, 0x1p-25, 0x1p-24, 0x1.0000001p-24, 0x1p-40, -0x1p-40})
      wide.push_back(static_cast<double>(value) * (1 + step));
  for (const double value :
       {1e-46, 1e-45, 0x1p-149, 0x1.8p-149, 0x1p-150, 0x1.0001p-150, 1e300, 5e-324})
    wide.push_back(value);
  const Tensor doubles =
      Tensor::of<double>({static_cast<Index>(wide.size())}, std::span<const double>(wide));
  for (const Index type : {float32, float16, bfloat16}) {
    check("Cast", {doubles}, to(type));
    check("Cast", {any_bits(DType::kFloat64, {2000}, 4)}, to(type));
  }
}

TEST_F(OpenClOperators, WhatHasNoKernelStaysOnTheHost) {
  const auto kernel_of = [](const char* name, std::vector<Tensor> in, const ops::Attributes& a) {
    OperatorCase c;
    c.op = make_operator("", name, a);
    c.inputs = std::move(in);
    std::string kernel;
    const Tensor got = run_backend(c, *device_backend(), 1, &kernel)[0];
    EXPECT_EQ(compare_bits(got, run_evaluate(c)[0]), "") << name;
    return kernel;
  };
  const auto is_host = testing::EndsWith("on the host");
  const Tensor flags = random(DType::kBool, {300}, 1, 0, 2);
  EXPECT_THAT(kernel_of("Cast", {flags}, attributes({{"to", Index{11}}})), is_host);
  // Windows whose work would not end with the input.
  const auto wide =
      attributes({{"kernel_shape", Ints{1, 2147483647}}, {"auto_pad", std::string("SAME_UPPER")}});
  for (const char* name : {"MaxPool", "AveragePool"})
    EXPECT_THAT(kernel_of(name, {random(DType::kFloat32, {1, 16, 4, 4}, 2)}, wide), is_host);
  const auto far = attributes({{"strides", Ints{2147483647, 1}}, {"group", Index{2}}});
  EXPECT_THAT(kernel_of("Conv",
                        {random(DType::kFloat32, {1, 4, 3, 3}, 3),
                         random(DType::kFloat32, {4, 2, 3, 3}, 4)},
                        far),
              is_host);
}

TEST_F(OpenClOperators, BlocksMayBeLongerThanTheAxis) {
  for (const Index size : {Index{1} << 32, (Index{1} << 32) + 1})
    check("QuantizeLinear",
          {random(DType::kFloat32, {4, 300}, 1), random(DType::kFloat32, {4, 1}, 2, 0.1, 1)},
          attributes({{"axis", Index{1}}, {"block_size", size}}));
}

TEST_F(OpenClOperators, NormalizationsWithTheirMoments) {
  const Tensor x = random(DType::kFloat32, {3, 5, 21}, 1);
  for (const Shape& row : {Shape{5, 21}, Shape{21}})
    check("LayerNormalization",
          {x, random(DType::kFloat32, row, 2), random(DType::kFloat32, row, 3)},
          attributes({{"axis", -static_cast<Index>(row.size())}}), {true, true, true});
}

TEST_F(OpenClOperators, PoolsWithIndicesAndThreeAxes) {
  const auto three = attributes({{"kernel_shape", Ints{2, 3, 2}},
                                 {"strides", Ints{2, 1, 2}},
                                 {"pads", Ints{1, 1, 0, 0, 1, 1}}});
  check("MaxPool", {random_special({2, 3, 5, 6, 7}, 1, 9)}, three, {true, true});
  check("AveragePool", {random(DType::kFloat32, {2, 3, 5, 6, 7}, 2)}, three);
  for (const Index order : {0, 1}) {
    const auto two = attributes(
        {{"kernel_shape", Ints{3, 3}}, {"dilations", Ints{2, 1}}, {"storage_order", order}});
    check("MaxPool", {random(DType::kFloat32, {2, 3, 9, 8}, 3)}, two, {true, true});
    for (const DType dtype : {DType::kInt8, DType::kUInt8})
      check("MaxPool", {bytes(dtype, {2, 3, 9, 8}, 4)}, two, {true, true});
  }
}

TEST_F(OpenClOperators, ResizesByAllModes) {
  const Tensor x = random_special({2, 3, 6, 7}, 1, 60), none;
  for (const char* coordinates :
       {"half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"})
    for (const char* mode : {"nearest", "linear", "cubic"}) {
      const auto a = attributes({{"mode", std::string(mode)},
                                 {"coordinate_transformation_mode", std::string(coordinates)}});
      check("Resize", {x, none, floats({1, 1, 2, 2})}, a, {true}, 0b1110);
      check("Resize", {x, none, none, ints({2, 3, 4, 13})}, a, {true}, 0b1110);
      check("Resize", {x, none, floats({1, 1.5f, 0.6f, 1.9f})}, a, {true}, 0b1110);
    }
  for (const DType dtype : kOfEachSize)
    check("Resize", {bytes(dtype, {2, 5, 3}, 2), none, floats({1, 2, 3})}, {}, {true}, 0b1110);
  check("Resize", {x, floats({0, 0, 0.2f, -0.3f, 1, 1, 1.4f, 0.9f}), none, ints({2, 3, 5, 9})},
        attributes({{"mode", std::string("linear")},
                    {"coordinate_transformation_mode", std::string("tf_crop_and_resize")},
                    {"extrapolation_value", 7.5f}}),
        {true}, 0b1110);
}

TEST_F(OpenClOperators, SamplesAtPositions) {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const char* padding : {"zeros", "border", "reflection"})
      for (const Index align : {0, 1}) {
        const auto a = attributes({{"mode", std::string(mode)},
                                   {"padding_mode", std::string(padding)},
                                   {"align_corners", align}});
        check("GridSample",
              {random(DType::kFloat32, {2, 3, 5, 6}, 1),
               random(DType::kFloat32, {2, 4, 9, 2}, 2, -2.5, 2.5)},
              a);
        check("GridSample",
              {random_special({1, 2, 3, 4, 5}, 3, 40),
               random(DType::kFloat32, {1, 2, 3, 4, 3}, 4, -1.2, 1.2)},
              a);
      }
}

TEST_F(OpenClOperators, Quantizes) {
  const Tensor x = random_special({3, 4, 10}, 1, 9);
  const Tensor scale = random(DType::kFloat32, {4}, 2, 0.01, 0.2);
  for (const DType dtype : {DType::kInt8, DType::kUInt8, DType::kInt16, DType::kUInt16}) {
    const Tensor one = bytes(dtype, {}, 3), each = bytes(dtype, {4}, 4);
    check("QuantizeLinear", {x, Tensor::scalar(0.03f), one});
    check("QuantizeLinear", {x, scale, each});
    check("DequantizeLinear", {bytes(dtype, {3, 4, 10}, 5), scale, each});
    check("DequantizeLinear", {bytes(dtype, {3, 4, 10}, 6), Tensor::scalar(0.03f)});
    const auto blocked = attributes({{"axis", Index{2}}, {"block_size", Index{4}}});
    const Tensor scales = random(DType::kFloat32, {3, 4, 3}, 7, 0.01, 0.2);
    check("QuantizeLinear", {x, scales, bytes(dtype, {3, 4, 3}, 8)}, blocked);
    check("DequantizeLinear", {bytes(dtype, {3, 4, 10}, 9), scales}, blocked);
  }
  check("QuantizeLinear", {bytes(DType::kInt32, {3, 4}, 10), Tensor::scalar(1e6f)});
  check("DequantizeLinear", {bytes(DType::kInt32, {3, 4}, 11), scale});
  for (const Index n : {1, 33, 40000})
    check("DynamicQuantizeLinear", {random(DType::kFloat32, {n}, 12, -3, 9)}, {},
          {true, true, true});
}

TEST_F(OpenClOperators, ProductsOfQuantizedMatrices) {
  for (const DType a : {DType::kInt8, DType::kUInt8})
    for (const DType b : {DType::kInt8, DType::kUInt8}) {
      check("MatMulInteger", {bytes(a, {5, 37}, 1), bytes(b, {37, 9}, 2)});
      check("MatMulInteger",
            {bytes(a, {3, 5, 37}, 3), bytes(b, {37, 9}, 4), bytes(a, {5}, 5), bytes(b, {9}, 6)});
      const Tensor y_zero = bytes(b, {}, 7), y_scale = Tensor::scalar(40.0f);
      check("QLinearMatMul",
            {bytes(a, {3, 5, 37}, 8), random(DType::kFloat32, {3, 5, 1}, 9, 0.1, 1),
             bytes(a, {3, 5, 1}, 10), bytes(b, {3, 37, 9}, 11),
             random(DType::kFloat32, {3, 1, 9}, 12, 0.1, 1), bytes(b, {3, 1, 9}, 13), y_scale,
             y_zero});
    }
}

TEST_F(OpenClOperators, ConvolutionsOfQuantizedTensors) {
  const auto a =
      attributes({{"pads", Ints{1, 0, 2, 1}}, {"strides", Ints{2, 1}}, {"group", Index{2}}});
  for (const DType x : {DType::kInt8, DType::kUInt8})
    for (const DType w : {DType::kInt8, DType::kUInt8}) {
      check(
          "ConvInteger",
          {bytes(x, {2, 6, 7, 8}, 1), bytes(w, {4, 3, 3, 2}, 2), bytes(x, {}, 3), bytes(w, {4}, 4)},
          a);
      check(
          "QLinearConv",
          {bytes(x, {2, 6, 7, 8}, 5), Tensor::scalar(0.02f), bytes(x, {}, 6),
           bytes(w, {4, 3, 3, 2}, 7), random(DType::kFloat32, {4}, 8, 0.01, 0.1), bytes(w, {4}, 9),
           Tensor::scalar(0.5f), bytes(w, {}, 10), bytes(DType::kInt32, {4}, 11)},
          a);
    }
}

}  // namespace
}  // namespace engine::test
