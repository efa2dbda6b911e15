#include "support/operator_case.h"

#include <gtest/gtest.h>

#include <cmath>

namespace engine::test {
namespace {

using List = std::vector<Index>;

Tensor list(const List& values) {
  return Tensor::of<Index>({static_cast<Index>(values.size())}, std::span<const Index>(values));
}

// One type of each size, float32 for the tiles in registers.
const DType kTypes[] = {DType::kFloat32, DType::kUInt8, DType::kFloat16, DType::kInt32,
                        DType::kFloat64};

OperatorCase make_case(const char* op, std::vector<std::pair<std::string, ops::Attribute>> more,
                       std::vector<Tensor> inputs, unsigned constants = 0,
                       std::vector<bool> outputs = {true}) {
  OperatorCase c;
  c.name = op;
  for (const Tensor& input : inputs) c.name += " " + to_string(input.shape());
  c.op = make_operator("", op, attributes(std::move(more)));
  c.inputs = std::move(inputs);
  c.constants = constants;
  c.outputs = std::move(outputs);
  return c;
}

// The status of a run on the CPU.
Status::Fault fault_of(const OperatorCase& c) {
  const auto backend = cpu::make_backend(Isa::kScalar);
  const auto types = infer(c);
  std::vector<ops::Input> in;
  std::vector<const void*> in_data;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    const bool constant = c.constants >> i & 1u;
    in.push_back(
        {c.inputs[i].dtype(), &c.inputs[i].shape(), constant ? c.inputs[i].data() : nullptr});
    in_data.push_back(c.inputs[i].data());
  }
  Tensor y(types[0].dtype, *types[0].shape());
  const std::vector<ops::Output> out = {{y.dtype(), &y.shape(), nullptr}};
  void* out_data = y.mutable_data();
  const auto kernel = backend->bind({*c.op, in, out, nullptr});
  Tensor scratch(DType::kUInt8, {static_cast<Index>(kernel->scratch_bytes(1))});
  Pool pool(1, nullptr);
  return kernel
      ->run({in_data.data(), &out_data, static_cast<std::byte*>(scratch.mutable_data()), pool})
      .kind;
}

TEST(Moving, Transposes) {
  const std::pair<Shape, List> cases[] = {{{5, 7}, {1, 0}},
                                          {{16, 16}, {1, 0}},
                                          {{3, 100}, {1, 0}},
                                          {{100, 3}, {1, 0}},
                                          {{4, 9}, {1, 0}},
                                          {{300, 33}, {1, 0}},
                                          {{2, 64, 28, 28}, {0, 2, 3, 1}},
                                          {{2, 9, 8, 17}, {0, 3, 1, 2}},
                                          {{3, 12, 4, 6}, {0, 2, 1, 3}},
                                          {{3, 12, 4, 6}, {0, 2, 3, 1}},
                                          {{2, 3, 4, 5}, {3, 2, 1, 0}},
                                          {{2, 3, 4, 5, 6}, {4, 0, 2, 1, 3}},
                                          {{1, 5, 1, 7}, {3, 1, 2, 0}},
                                          {{6}, {0}},
                                          {{1, 1}, {1, 0}}};
  for (const auto& [shape, perm] : cases)
    for (const DType dtype : kTypes)
      check_bits(make_case("Transpose", {{"perm", perm}}, {random(dtype, shape, 1, 0, 100)}));
}

TEST(Moving, Concats) {
  for (const DType dtype : kTypes)
    for (const Index axis : {0, 1, -1}) {
      std::vector<Tensor> parts;
      for (const Index n : {1, 5, 0, 40, 2}) {
        Shape shape = {3, 4, 6};
        shape[static_cast<std::size_t>(axis < 0 ? 2 : axis)] = n;
        parts.push_back(random(dtype, shape, static_cast<unsigned>(n), 0, 100));
      }
      check_bits(make_case("Concat", {{"axis", axis}}, parts));
    }
}

TEST(Moving, Splits) {
  for (const DType dtype : kTypes)
    for (const Index axis : {0, 1, 2}) {
      const Tensor x = random(dtype, {12, 12, 12}, 1, 0, 100);
      check_bits(make_case("Split", {{"axis", axis}}, {x, list({5, 0, 6, 1})}, 0b10,
                           {true, true, true, true}));
      check_bits(
          make_case("Split", {{"axis", axis}}, {x, list({5, 6, 1})}, 0b10, {true, false, true}));
      check_bits(make_case("Split", {{"axis", axis}, {"num_outputs", Index{5}}}, {x}, 0,
                           std::vector<bool>(5, true)));
    }
}

TEST(Moving, Slices) {
  constexpr Index kFar = std::numeric_limits<Index>::max();
  for (const DType dtype : kTypes)
    for (const unsigned constants : {0u, 0b11110u}) {
      const Tensor x = random(dtype, {6, 7, 20}, 1, 0, 100);
      const auto check = [&](List starts, List ends, List axes, List steps) {
        check_bits(make_case("Slice", {}, {x, list(starts), list(ends), list(axes), list(steps)},
                             constants));
      };
      check({1}, {5}, {1}, {1});
      check({0, 2}, {kFar, 18}, {0, 2}, {2, 3});
      check({-1, -1}, {-kFar, 2}, {1, 2}, {-1, -4});
      check({3}, {4}, {2}, {kFar});
      check({4}, {2}, {0}, {1});
    }
}

TEST(Moving, Expands) {
  for (const DType dtype : kTypes) {
    check_bits(make_case("Expand", {}, {random(dtype, {3, 1, 5}, 1, 0, 9), list({2, 3, 4, 5})}));
    check_bits(make_case("Expand", {}, {random(dtype, {4, 1}, 1, 0, 9), list({1, 40})}));
    check_bits(make_case("Expand", {}, {random(dtype, {}, 1, 0, 9), list({3, 3})}));
  }
}

TEST(Moving, Gathers) {
  for (const DType dtype : kTypes)
    for (const DType index : {DType::kInt32, DType::kInt64})
      for (const unsigned constants : {0u, 0b10u})
        for (const Index axis : {0, 1, 2})
          check_bits(make_case(
              "Gather", {{"axis", axis}},
              {random(dtype, {5, 6, 7}, 1, 0, 100), random(index, {4, 9}, 2, -5, 4)}, constants));
}

TEST(Moving, GathersOfTuples) {
  for (const DType dtype : kTypes)
    for (const unsigned constants : {0u, 0b10u}) {
      const Tensor x = random(dtype, {4, 5, 6, 3}, 1, 0, 100);
      for (const Index depth : {1, 2, 3, 4})
        check_bits(make_case("GatherND", {}, {x, random(DType::kInt64, {7, 2, depth}, 2, -3, 2)},
                             constants));
      check_bits(make_case("GatherND", {{"batch_dims", Index{1}}},
                           {x, random(DType::kInt64, {4, 9, 1}, 2, -5, 4)}, constants));
      check_bits(make_case("GatherND", {{"batch_dims", Index{2}}},
                           {x, random(DType::kInt64, {4, 5, 2}, 2, -3, 2)}, constants));
    }
}

const char* const kReductions[] = {"none", "add", "mul", "max", "min"};

// Rows that meet in one place again and again, and rows on both sides of a vector.
TEST(Moving, ScattersOfTuples) {
  for (const char* reduction : kReductions)
    for (const Index inner : {1, 5, 16, 40}) {
      const auto check = [&](Tensor indices) {
        Shape updates(indices.shape().begin(), indices.shape().end() - 1);
        if (indices.shape().back() == 1) updates.push_back(4);
        updates.push_back(inner);
        check_bits(make_case("ScatterND", {{"reduction", std::string(reduction)}},
                             {random_special({6, 4, inner}, 1, 8), std::move(indices),
                              random_special(updates, 2, 8)}));
      };
      check(random(DType::kInt64, {9, 3, 1}, 3, -6, 5));
      check(random(DType::kInt64, {30, 2}, 3, -4, 3));
    }
}

// Indices that are all different, and that are those of whole rows.
TEST(Moving, ScattersOfElements) {
  for (const char* reduction : kReductions)
    for (const DType type : {DType::kInt32, DType::kInt64})
      for (const Index axis : {0, 1, 2})
        for (const bool rows : {false, true}) {
          Shape shape = {3, 5, 35}, updates = shape;
          updates[static_cast<std::size_t>(axis)] = 11;
          const Index n = shape[static_cast<std::size_t>(axis)];
          const Tensor indices = random(type, updates, 3, -static_cast<double>(n), double(n - 1));
          Tensor equal = Tensor(type, updates);
          const auto fill_rows = [&](auto values, auto from) {
            for (std::size_t i = 0; i < values.size(); ++i) values[i] = from[i / 35 * 35];
          };
          if (type == DType::kInt32)
            fill_rows(equal.mutable_values<std::int32_t>(), indices.values<std::int32_t>());
          else fill_rows(equal.mutable_values<std::int64_t>(), indices.values<std::int64_t>());
          check_bits(make_case("ScatterElements",
                               {{"axis", axis}, {"reduction", std::string(reduction)}},
                               {random_special(shape, 1, 8), rows ? equal : indices,
                                random_special(updates, 2, 8)}));
        }
  // Updates that leave out ends.
  check_bits(
      make_case("ScatterElements", {{"axis", Index{1}}},
                {random(DType::kFloat32, {3, 5, 4}, 1), random(DType::kInt64, {2, 7, 3}, 2, -5, 4),
                 random(DType::kFloat32, {2, 7, 3}, 3)}));
}

TEST(Moving, IndicesOutside) {
  for (const unsigned constants : {0u, 0b10u})
    for (const Index bad : {5, -6}) {
      const Tensor x = random(DType::kFloat32, {5, 3}, 1);
      EXPECT_EQ(fault_of(make_case("Gather", {}, {x, list({1, bad})}, constants)),
                Status::Fault::kIndexOutOfRange);
      const Tensor tuple = Tensor::of<Index>({2, 1}, std::span<const Index>(List{0, bad}));
      EXPECT_EQ(fault_of(make_case("GatherND", {}, {x, tuple}, constants)),
                Status::Fault::kIndexOutOfRange);
      const Tensor wide = random(DType::kFloat32, {5, 9}, 1),
                   rows = random(DType::kFloat32, {2, 9}, 2);
      EXPECT_EQ(fault_of(make_case("ScatterND", {}, {wide, tuple, rows}, constants)),
                Status::Fault::kIndexOutOfRange);
      Tensor places = random(DType::kInt64, {2, 9}, 3, 0, 4);
      places.mutable_values<std::int64_t>()[13] = bad;
      EXPECT_EQ(fault_of(make_case("ScatterElements", {}, {wide, places, rows}, constants)),
                Status::Fault::kIndexOutOfRange);
    }
}

TEST(Moving, LargestAndSmallest) {
  for (const Index n : {1, 7, 16, 17, 60, 128, 129})
    for (const Index k : {Index{1}, (n + 1) / 2, n})
      for (const bool largest : {true, false})
        for (const Index axis : {1, 2}) {
          const Shape shape = axis == 1 ? Shape{3, n, 4} : Shape{3, 4, n};
          const auto check = [&](Tensor x, std::vector<bool> outputs) {
            check_bits(make_case("TopK", {{"axis", axis}, {"largest", Index{largest}}},
                                 {std::move(x), list({k})}, 0b10, std::move(outputs)));
          };
          check(random_special(shape, 3, 8), {true, true});
          check(random_special(shape, 4, 8), {false, true});
          Tensor equal = random(DType::kFloat32, shape, 5, -2, 2);
          for (float& value : equal.mutable_values<float>()) value = std::trunc(value);
          check(std::move(equal), {true, true});
        }
}

}  // namespace
}  // namespace engine::test
