#include "support/bit_cases.h"

#include "numerics/contract.h"
#include "ops/dense.h"
#include "ops/head_attention.h"
#include "support/conv_case.h"

#include <cmath>
#include <cstring>

namespace engine::test {
namespace {

using numerics::Activation;
using List = std::vector<std::pair<std::string, ops::Attribute>>;
using Ints = std::vector<Index>;

Shape with_batch(Index batch, Shape rest) {
  rest.insert(rest.begin(), batch);
  return rest;
}

Tensor values(Shape shape, unsigned seed, double low = -1, double high = 1) {
  return random(DType::kFloat32, std::move(shape), seed, low, high);
}

OperatorCase case_of(ops::OperatorPtr op, std::vector<Tensor> inputs, unsigned constants = 0) {
  OperatorCase c;
  c.op = std::move(op);
  c.inputs = std::move(inputs);
  c.constants = constants;
  c.relative = c.absolute = 1e-4;
  return c;
}

struct Table {
  std::vector<BitCase> list;

  void add(std::string name, unsigned batched, Index products,
           std::function<OperatorCase(Index)> make) {
    BitCase c;
    c.name = std::move(name);
    c.batched = batched;
    c.products = products;
    c.make = [make = std::move(make), name = c.name](Index batch) {
      OperatorCase result = make(batch);
      result.name = name;
      return result;
    };
    list.push_back(std::move(c));
  }
};

Index taps(const Ints& kernel) {
  Index count = 1;
  for (const Index extent : kernel) count *= extent;
  return count;
}

void add_conv(Table& table, const char* name, const ConvSize& s, bool residual = false,
              Activation activation = Activation::kIdentity) {
  const Index products = taps(s.image) * s.filters * (s.channels / s.group) * taps(s.kernel);
  table.add(std::string("Conv ") + name, residual ? 0b1001u : 0b1u, products,
            [=](Index batch) { return conv_case(s, batch, residual, activation); });
}

void add_convs(Table& table) {
  const List same = {{"pads", Ints{1, 1, 1, 1}}};
  add_conv(table, "3x3", {16, {8, 8}, 16, {3, 3}, 1, same});
  for (const Index tile : {2, 4}) {
    const std::string form = tile == 2 ? "winograd F(2,3) " : "winograd F(4,3) ";
    add_conv(table, (form + "even").c_str(), {32, {8, 8}, 32, {3, 3}, 1, same, true, false, tile});
    add_conv(table, (form + "ragged").c_str(), {19, {7, 9}, 37, {3, 3}, 1, same, true, false, tile},
             true, Activation::kRelu);
    add_conv(table, (form + "without pads").c_str(),
             {40, {12, 6}, 16, {3, 3}, 1, {}, false, false, tile}, false, Activation::kTanh);
    add_conv(table, (form + "uneven pads").c_str(),
             {17, {5, 30}, 33, {3, 3}, 1, {{"pads", Ints{2, 0, 0, 1}}}, true, false, tile});
  }
  add_conv(table, "3x3 channels below a block", {3, {9, 7}, 5, {3, 3}, 1, same});
  add_conv(table, "3x3 channels above a block", {19, {6, 11}, 33, {3, 3}, 1, same});
  add_conv(table, "3x3 without bias", {17, {5, 5}, 4, {3, 3}, 1, {}, false});
  add_conv(table, "3x3 stride 2",
           {8, {11, 12}, 20, {3, 3}, 1, {{"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{2, 2}}}});
  add_conv(table, "3x3 dilated",
           {18, {10, 9}, 7, {3, 3}, 1, {{"pads", Ints{2, 2, 2, 2}}, {"dilations", Ints{2, 2}}}});
  add_conv(table, "5x5 uneven pads", {1, {12, 13}, 48, {5, 5}, 1, {{"pads", Ints{0, 2, 3, 1}}}});
  add_conv(table, "7x7 stride 2",
           {3, {16, 16}, 8, {7, 7}, 1, {{"pads", Ints{3, 3, 3, 3}}, {"strides", Ints{2, 2}}}});
  add_conv(table, "1x1", {40, {7, 7}, 24, {1, 1}});
  add_conv(table, "1x1 stride 2", {32, {8, 8}, 17, {1, 1}, 1, {{"strides", Ints{2, 2}}}});
  add_conv(table, "1x1 of one pixel", {65, {1, 1}, 31, {1, 1}});
  add_conv(table, "grouped", {12, {7, 9}, 20, {3, 3}, 4, same});
  add_conv(table, "grouped by 2 of 34 channels", {34, {5, 6}, 6, {3, 3}, 2, same});
  add_conv(table, "depthwise", {21, {9, 9}, 21, {3, 3}, 21, same});
  add_conv(table, "depthwise stride 2",
           {16, {10, 11}, 16, {3, 3}, 16, {{"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{2, 2}}}});
  add_conv(table, "depthwise with multiplier", {6, {8, 5}, 18, {3, 3}, 6, same});
  add_conv(table, "depthwise 5x5 wide", {3, {6, 37}, 3, {5, 5}, 3, {{"pads", Ints{2, 2, 2, 2}}}});
  add_conv(table, "depthwise dilated uneven strides",
           {4,
            {17, 41},
            4,
            {3, 4},
            4,
            {{"strides", Ints{2, 3}}, {"dilations", Ints{3, 2}}, {"pads", Ints{4, 0, 1, 5}}}});
  add_conv(table, "1D depthwise", {7, {50}, 14, {5}, 7, {{"pads", Ints{2, 2}}}});
  add_conv(table, "1D", {6, {60}, 19, {5}, 1, {{"pads", Ints{2, 2}}}});
  add_conv(table, "1D dilated",
           {20, {33}, 8, {3}, 1, {{"pads", Ints{4, 4}}, {"dilations", Ints{4}}}});
  add_conv(table, "3D", {4, {5, 6, 7}, 9, {3, 3, 3}, 1, {{"pads", Ints{1, 1, 1, 1, 1, 1}}}});
  add_conv(table, "3D grouped", {6, {4, 5, 3}, 4, {2, 2, 2}, 2, {{"strides", Ints{1, 2, 1}}}});
  add_conv(table, "3x3 relu", {16, {7, 7}, 17, {3, 3}, 1, same}, false, Activation::kRelu);
  add_conv(table, "3x3 residual relu", {9, {7, 8}, 16, {3, 3}, 1, same}, true, Activation::kRelu);
  add_conv(table, "1x1 residual sigmoid", {33, {6, 5}, 10, {1, 1}}, true, Activation::kSigmoid);
  add_conv(table, "3x3 with computed weights", {19, {6, 11}, 33, {3, 3}, 1, same, true, true});
  add_conv(table, "grouped with computed weights",
           {34, {5, 6}, 6, {3, 3}, 2, {{"strides", Ints{2, 1}}}, true, true});
  add_conv(table, "depthwise of 7x7", {18, {7, 7}, 18, {3, 3}, 18, same});
  add_conv(table, "depthwise 5x5 of 7x7", {5, {7, 7}, 5, {5, 5}, 5, {{"pads", Ints{2, 2, 2, 2}}}});
  add_conv(table, "depthwise of 14x14 residual", {3, {14, 14}, 3, {3, 3}, 3, same}, true);
  add_conv(table, "depthwise 5x5 stride 2 of 14x14",
           {4, {14, 13}, 8, {5, 5}, 4, {{"pads", Ints{1, 2, 2, 2}}, {"strides", Ints{2, 2}}}});
  add_conv(table, "depthwise 7x7 of 3x2", {4, {3, 2}, 4, {7, 7}, 4, {{"pads", Ints{3, 3, 3, 3}}}});
  add_conv(table, "depthwise leaky relu", {5, {8, 8}, 5, {3, 3}, 5, same}, false,
           Activation::kLeakyRelu);
}

// Sums of one section, of a little more, and of several of which the last one is short.
void add_long_convs(Table& table) {
  const List same = {{"pads", Ints{1, 1, 1, 1}}}, twice = {{"strides", Ints{2, 2}}};
  const Index of_3x3 = numerics::section_channels(9), of_1x1 = numerics::section_channels(1);
  for (const Index channels : {of_3x3, of_3x3 + 1, 3 * of_3x3 + 5})
    add_conv(table, concat("3x3 of ", channels, " channels").c_str(),
             {channels, {5, 4}, 20, {3, 3}, 1, same}, channels > of_3x3, Activation::kRelu);
  for (const Index channels : {of_1x1 - 1, of_1x1, of_1x1 + 1, 2 * of_1x1 + 35})
    add_conv(table, concat("1x1 of ", channels, " channels").c_str(),
             {channels, {3, 5}, 33, {1, 1}});
  add_conv(table, "1x1 of one pixel, several sections", {3 * of_1x1 + 7, {1, 1}, 31, {1, 1}});
  add_conv(table, "7x7 of several sections", {40, {7, 7}, 5, {7, 7}, 1, twice}, false,
           Activation::kSigmoid);
  add_conv(table, "grouped of several sections", {4 * of_3x3 + 6, {5, 4}, 6, {3, 3}, 2, same});
  add_conv(table, "1D of several sections",
           {2 * numerics::section_channels(5) + 3, {12}, 19, {5}, 1, {{"pads", Ints{2, 2}}}});
  add_conv(table, "with computed weights of several sections",
           {2 * of_3x3 + 9, {4, 5}, 18, {3, 3}, 1, twice, true, true});
  for (const Index tile : {2, 4})
    add_conv(table, concat("winograd of several sections, tile ", tile).c_str(),
             {2 * of_1x1 + 19, {5, 6}, 32, {3, 3}, 1, same, true, false, tile}, true);
}

struct TransposeSize {
  Index channels;
  Ints image;
  Index filters;  // of a group
  Ints kernel;
  Index group = 1;
  List attributes = {};
  bool computed_weights = false;
};

void add_transpose(Table& table, const char* name, const TransposeSize& s) {
  const Index products = taps(s.image) * s.filters * s.channels * taps(s.kernel);
  table.add(std::string("ConvTranspose ") + name, 1, products, [=](Index batch) {
    List list = s.attributes;
    list.emplace_back("group", s.group);
    Shape x = s.image, w = s.kernel;
    x.insert(x.begin(), {batch, s.channels});
    w.insert(w.begin(), {s.channels, s.filters});
    const double scale =
        1.5 / std::sqrt(static_cast<double>(s.channels / s.group * taps(s.kernel)));
    return case_of(
        make_operator("", "ConvTranspose", attributes(list)),
        {values(x, 1, -2, 2), values(w, 2, -scale, scale), values({s.filters * s.group}, 3)},
        s.computed_weights ? 0u : 0b110u);
  });
}

void add_transposes(Table& table) {
  const List twice = {{"strides", Ints{2, 2}}};
  add_transpose(table, "2x2 stride 2", {19, {6, 5}, 9, {2, 2}, 1, twice});
  add_transpose(
      table, "3x3 stride 2",
      {32,
       {9, 8},
       17,
       {3, 3},
       1,
       {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"output_padding", Ints{1, 1}}}});
  add_transpose(table, "4x4 stride 2",
                {7, {5, 7}, 3, {4, 4}, 1, {{"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}}});
  add_transpose(table, "3x3", {16, {7, 9}, 5, {3, 3}, 1, {{"pads", Ints{1, 0, 2, 1}}}});
  add_transpose(table, "3x3 same",
                {5,
                 {6, 7},
                 4,
                 {3, 3},
                 1,
                 {{"strides", Ints{2, 3}}, {"auto_pad", std::string("SAME_UPPER")}}});
  add_transpose(
      table, "of a wanted shape",
      {4, {5, 5}, 6, {3, 3}, 1, {{"strides", Ints{2, 2}}, {"output_shape", Ints{10, 9}}}});
  add_transpose(table, "dilated",
                {6, {7, 6}, 18, {3, 3}, 1, {{"strides", Ints{2, 3}}, {"dilations", Ints{2, 2}}}});
  add_transpose(
      table, "stride above the kernel",
      {3, {4, 5}, 5, {2, 1}, 1, {{"strides", Ints{3, 4}}, {"output_padding", Ints{1, 2}}}});
  add_transpose(table, "4x4 stride 4", {8, {7, 9}, 3, {4, 4}, 1, {{"strides", Ints{4, 4}}}});
  add_transpose(table, "grouped", {12, {6, 6}, 5, {3, 3}, 3, twice});
  add_transpose(table, "depthwise", {6, {6, 7}, 1, {4, 4}, 6, twice});
  add_transpose(table, "with computed weights", {20, {5, 6}, 21, {3, 3}, 1, twice, true});
  add_transpose(table, "4x4 stride 2 of several sections",
                {2 * numerics::section_channels(16) + 6, {4, 5}, 7, {4, 4}, 1, twice});
  add_transpose(table, "1D", {18, {40}, 9, {8}, 1, {{"strides", Ints{4}}, {"pads", Ints{2, 2}}}});
  add_transpose(table, "3D", {5, {3, 4, 5}, 4, {2, 3, 2}, 1, {{"strides", Ints{2, 1, 2}}}});
}

void add_einsums(Table& table) {
  struct Case {
    const char* equation;
    Shape a, b;        // behind the batch, if that operand has it
    unsigned batched;  // 'n' is the batch
    Index products;
  };
  const Case kCases[] = {
      {"nhid,nhjd->nhij", {3, 18, 33}, {3, 21, 33}, 0b11, 3 * 18 * 21 * 33},
      {"nij,njk->nik", {7, 20}, {20, 35}, 0b11, 7 * 20 * 35},
      {"nij,jk->nik", {7, 20}, {20, 5}, 0b1, 7 * 20 * 5},
      {"nabc,bcd->nad", {5, 3, 7}, {3, 7, 19}, 0b1, 5 * 21 * 19},
      {"nabc,cbd->nda", {5, 3, 7}, {7, 3, 19}, 0b1, 5 * 21 * 19},
      {"nac,cij->naij", {17, 9}, {9, 4, 5}, 0b1, 17 * 9 * 20},
      {"nibh,njbh->nbhij", {6, 2, 3}, {9, 2, 3}, 0b11, 6 * 54},
      {"ni,ni->n", {40}, {40}, 0b11, 40},
      {"ni,nj->nij", {20}, {17}, 0b11, 340},
      {"nij,nkj->nki", {33, 4}, {5, 4}, 0b11, 33 * 20},
      {"n...i,ij->n...j", {2, 3, 16}, {16, 20}, 0b1, 6 * 320},
      {"niij,jk->nik", {6, 6, 5}, {5, 8}, 0b1, 6 * 40},
  };
  for (const Case& c : kCases)
    table.add(concat("Einsum ", c.equation), c.batched, c.products, [=](Index batch) {
      const bool both = c.batched == 0b11;
      return case_of(
          make_operator("", "Einsum", attributes({{"equation", std::string(c.equation)}})),
          {values(with_batch(batch, c.a), 1), values(both ? with_batch(batch, c.b) : c.b, 2)});
    });
}

void add_dense(Table& table) {
  struct Size {
    Index k, n;
  };
  for (const Size s : {Size{1, 1},
                       {3, 5},
                       {16, 64},
                       {64, 32},
                       {32, 5},
                       {7, 16},
                       {100, 17},
                       {129, 33},
                       {60, 128},
                       {2304, 32},
                       {50, 200}})
    for (const bool transposed : {false, true})
      table.add(concat("Dense ", s.k, " to ", s.n, transposed ? " transposed" : ""), 1, s.k * s.n,
                [=](Index batch) {
                  const double scale = 1.5 / std::sqrt(static_cast<double>(s.k));
                  return case_of(
                      std::make_shared<ops::Dense>(transposed, ops::Epilogue{}),
                      {values({batch, s.k}, 1, -2, 2),
                       values(transposed ? Shape{s.n, s.k} : Shape{s.k, s.n}, 2, -scale, scale),
                       values({s.n}, 3)},
                      0b110);
                });
  for (const Activation f : {Activation::kRelu, Activation::kTanh, Activation::kSigmoid,
                             Activation::kGelu, Activation::kSoftplus, Activation::kSwish})
    for (const bool residual : {false, true})
      table.add(concat("Dense 40 to 21 with activation ", static_cast<int>(f),
                       residual ? " and residual" : ""),
                residual ? 0b1001u : 0b1u, 840, [=](Index batch) {
                  ops::Epilogue epilogue;
                  epilogue.activation = f;
                  epilogue.residual = residual;
                  epilogue.a = 1;
                  OperatorCase c =
                      case_of(std::make_shared<ops::Dense>(false, epilogue),
                              {values({batch, 40}, 1), values({40, 21}, 2), Tensor()}, 0b10);
                  if (residual) c.inputs.push_back(values({batch, 21}, 4));
                  return c;
                });
  table.add("Dense of sequences", 1, 6 * 9 * 24, [](Index batch) {
    return case_of(std::make_shared<ops::Dense>(false, ops::Epilogue{}),
                   {values({batch, 6, 9}, 1), values({9, 24}, 2), values({24}, 3)}, 0b110);
  });
}

// Segments of one section, of a little more, and of several of which the last one is short.
void add_long_dense(Table& table) {
  struct Size {
    Index k, n;
  };
  const Index section = numerics::kSectionTerms;
  for (const Size s : {Size{section - 1, 40},
                       {section, 40},
                       {section + 1, 40},
                       {3 * section + 5, 130},
                       {2 * section, 24},
                       {2 * section + 1, 24},
                       {5 * section + 3, 32},
                       {4 * section, 5},
                       {4 * section + 1, 5},
                       {4 * section + 3, 16},
                       {9 * section + 7, 3}})
    for (const bool residual : {false, true})
      table.add(concat("Dense ", s.k, " to ", s.n, residual ? " with residual" : " with relu"),
                residual ? 0b1001u : 0b1u, s.k * s.n, [=](Index batch) {
                  ops::Epilogue epilogue;
                  epilogue.residual = residual;
                  if (!residual) epilogue.activation = Activation::kRelu;
                  const double scale = 1.5 / std::sqrt(static_cast<double>(s.k));
                  OperatorCase c = case_of(std::make_shared<ops::Dense>(false, epilogue),
                                           {values({batch, s.k}, 1, -2, 2),
                                            values({s.k, s.n}, 2, -scale, scale), values({s.n}, 3)},
                                           0b110);
                  if (residual) c.inputs.push_back(values({batch, s.n}, 4));
                  return c;
                });
}

void add_products(Table& table) {
  struct Size {
    Index m, k, n;
  };
  for (const Size s :
       {Size{1, 1, 1}, {4, 16, 16}, {7, 33, 5}, {60, 16, 60}, {17, 64, 48}, {3, 130, 31}})
    table.add(concat("MatMul ", s.m, "x", s.k, "x", s.n), 0b11, s.m * s.k * s.n, [=](Index batch) {
      return case_of(make_operator("", "MatMul", {}),
                     {values({batch, s.m, s.k}, 1), values({batch, s.k, s.n}, 2)});
    });
  table.add("MatMul with broadcasting heads", 0b1, 4 * 9 * 16 * 11, [](Index batch) {
    return case_of(make_operator("", "MatMul", {}),
                   {values({batch, 4, 9, 16}, 1), values({1, 4, 16, 11}, 2)});
  });
  table.add("HeadAttention of 4 heads, 21 queries, 37 keys", 0b111, 4 * 21 * 37 * 36,
            [](Index batch) {
              return case_of(std::make_shared<ops::HeadAttention>(ops::ScoreScale{4, true}),
                             {values({batch, 21, 4, 16}, 1, -2, 2),
                              values({batch, 37, 4, 16}, 2, -2, 2), values({batch, 37, 4, 20}, 3)});
            });
  for (const bool a : {false, true})
    for (const bool b : {false, true})
      table.add(concat("Gemm ", a ? "A' " : "A ", b ? "B'" : "B"), a ? 0u : 0b1u, 70 * 37,
                [=](Index batch) {
                  return case_of(make_operator("", "Gemm",
                                               attributes({{"transA", Index{a}},
                                                           {"transB", Index{b}},
                                                           {"alpha", 0.7f},
                                                           {"beta", 1.3f}})),
                                 {values(a ? Shape{70, batch} : Shape{batch, 70}, 1),
                                  values(b ? Shape{37, 70} : Shape{70, 37}, 2), values({37}, 3)});
                });
}

void add_rows(Table& table) {
  for (const char* name : {"Softmax", "LogSoftmax"})
    for (const Index n : {1, 2, 5, 15, 16, 17, 33, 64, 1000})
      table.add(concat(name, " of ", n), 1, n * 20, [=](Index batch) {
        return case_of(make_operator("", name, {}), {values({batch, n}, 1, -9, 9)});
      });
  table.add("Softmax of a middle axis", 1, 3 * 18 * 7 * 20, [](Index batch) {
    return case_of(make_operator("", "Softmax", attributes({{"axis", Index{2}}})),
                   {values({batch, 3, 18, 7}, 1, -9, 9)});
  });
  for (const char* name : {"Softmax", "LogSoftmax"})
    table.add(concat(name, " of the first axis of images"), 1, 19 * 35 * 20, [=](Index batch) {
      return case_of(make_operator("", name, attributes({{"axis", Index{1}}})),
                     {values({batch, 19, 5, 7}, 1, -9, 9)});
    });
  for (const Index n : {1, 15, 16, 48, 100})
    for (const char* name : {"LayerNormalization", "RMSNormalization"})
      table.add(concat(name, " of ", n), 1, n * 8, [=](Index batch) {
        std::vector<Tensor> in = {values({batch, 3, n}, 1, -3, 5), values({n}, 2)};
        if (name[0] == 'L') in.push_back(values({n}, 3));
        return case_of(make_operator("", name, {}), std::move(in));
      });
  table.add("InstanceNormalization", 1, 20 * 35, [](Index batch) {
    return case_of(make_operator("", "InstanceNormalization", {}),
                   {values({batch, 20, 5, 7}, 1), values({20}, 2), values({20}, 3)});
  });
  table.add("GroupNormalization", 1, 12 * 33, [](Index batch) {
    return case_of(make_operator("", "GroupNormalization", attributes({{"num_groups", Index{3}}})),
                   {values({batch, 12, 33}, 1), values({12}, 2), values({12}, 3)});
  });
  table.add("BatchNormalization", 1, 19 * 30, [](Index batch) {
    return case_of(make_operator("", "BatchNormalization", {}),
                   {values({batch, 19, 5, 6}, 1), values({19}, 2), values({19}, 3), values({19}, 4),
                    values({19}, 5, 0.1, 2)},
                   0b11110);
  });
  for (const char* name :
       {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
        "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"})
    for (const Ints& axes : {Ints{1}, Ints{2}, Ints{1, 2}})
      table.add(concat(name, " over ", to_string(axes)), 1, 6 * 37 * 4, [=](Index batch) {
        OperatorCase c = case_of(
            make_operator("", name, {}),
            {values({batch, 6, 37}, 1, 0.5, 1.5),
             Tensor::of<Index>({static_cast<Index>(axes.size())}, std::span<const Index>(axes))},
            0b10);
        return c;
      });
}

void add_elementwise(Table& table) {
  for (const char* name :
       {"Relu",  "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Softplus",
        "Mish",  "Softsign",  "Gelu",    "Elu",  "Selu",        "Celu",      "ThresholdedRelu",
        "Exp",   "Log",       "Erf",     "Sqrt", "Reciprocal",  "Abs",       "Neg",
        "Floor", "Ceil",      "Sin",     "Cos",  "Atan",        "Round",     "Sign"})
    for (const Index n : {1, 7, 16, 83})
      table.add(concat(name, " of ", n), 1, n * 20, [=](Index batch) {
        const bool positive = std::string(name) == "Log" || std::string(name) == "Sqrt";
        return case_of(make_operator("", name, {}),
                       {values({batch, n}, 1, positive ? 0.01 : -9, 9)});
      });
  struct Shapes {
    Shape a, b;
    unsigned batched;
    const char* what;
  };
  const Shapes kShapes[] = {{{33}, {33}, 0b11, "equal shapes"},
                            {{5, 17}, {17}, 0b1, "a row"},
                            {{5, 17}, {5, 1}, 0b1, "a column"},
                            {{3, 1, 19}, {2, 1}, 0b1, "both ways"},
                            {{40}, {1}, 0b1, "a scalar"}};
  for (const char* name : {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu"})
    for (const Shapes& s : kShapes) {
      if (std::string(name) == "PRelu" && s.b.size() < s.a.size() && s.a.size() == 3) continue;
      table.add(concat(name, " with ", s.what), s.batched, 700, [=](Index batch) {
        const bool both = s.batched == 0b11, pow = std::string(name) == "Pow";
        return case_of(make_operator("", name, {}),
                       {values(with_batch(batch, s.a), 1, pow ? 0.1 : -3, 3),
                        values(both ? with_batch(batch, s.b) : s.b, 2, 0.2, 2)});
      });
    }
}

void add_powers(Table& table) {
  for (const float exponent : {2.0f, 0.5f, 3.0f, 1.0f, -1.0f, 0.0f, 1.7f, -2.0f, 5.0f})
    table.add(concat("Pow to ", exponent), 1, 700, [=](Index batch) {
      return case_of(make_operator("", "Pow", {}),
                     {values({batch, 35}, 1, -3, 3), Tensor::scalar(exponent)}, 0b10);
    });
  for (const Index exponent : {2, 3})
    table.add(concat("Pow to an integer ", exponent), 1, 700, [=](Index batch) {
      return case_of(make_operator("", "Pow", {}),
                     {values({batch, 35}, 1, -3, 3), Tensor::scalar(exponent)}, 0b10);
    });
  for (const char* name : {"Sin", "Cos"})
    table.add(concat(name, " of large angles"), 1, 700, [=](Index batch) {
      return case_of(make_operator("", name, {}), {values({batch, 35}, 1, -2e5, 2e5)});
    });
}

void add_pools(Table& table) {
  const List kinds[] = {
      {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}},
      {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}},
      {{"kernel_shape", Ints{4, 3}}, {"strides", Ints{3, 2}}, {"ceil_mode", Index{1}}}};
  for (const char* name : {"MaxPool", "AveragePool"})
    for (std::size_t kind = 0; kind < std::size(kinds); ++kind)
      table.add(concat(name, " ", kind), 1, 18 * 99 * 9, [=, list = kinds[kind]](Index batch) {
        return case_of(make_operator("", name, attributes(list)), {values({batch, 18, 9, 11}, 1)});
      });
  for (const char* name : {"GlobalMaxPool", "GlobalAveragePool"})
    for (const Ints& image : {Ints{7, 7}, Ints{1, 1}, Ints{5, 13}})
      table.add(concat(name, " of ", to_string(image)), 1, 20 * 65, [=](Index batch) {
        return case_of(make_operator("", name, {}), {values({batch, 20, image[0], image[1]}, 1)});
      });
}

void add_recurrent(Table& table) {
  struct Size {
    Index steps, inputs, hidden;
  };
  for (const std::string name : {"RNN", "GRU", "LSTM"})
    for (const Size s : {Size{5, 6, 16}, {7, 3, 5}, {4, 9, 33}, {3, 16, 64}})
      for (const bool both : {false, true}) {
        const Index gates = name == "RNN" ? 1 : name == "GRU" ? 3 : 4, d = both ? 2 : 1;
        const Index rows = gates * s.hidden;
        table.add(
            concat(name, " ", s.inputs, " to ", s.hidden, both ? " both ways" : ""), 0b110001,
            s.steps * d * rows * (s.inputs + s.hidden), [=](Index batch) {
              List list = {{"layout", Index{1}}, {"hidden_size", s.hidden}};
              if (both) list.emplace_back("direction", std::string("bidirectional"));
              OperatorCase c = case_of(
                  make_operator("", name, attributes(list)),
                  {values({batch, s.steps, s.inputs}, 1), values({d, rows, s.inputs}, 2, -0.4, 0.4),
                   values({d, rows, s.hidden}, 3, -0.4, 0.4), values({d, 2 * rows}, 4),
                   random(DType::kInt32, {batch}, 5, 1, static_cast<double>(s.steps) + 0.9),
                   values({batch, d, s.hidden}, 6)},
                  0b1110);
              c.outputs = {true, true};
              return c;
            });
      }
}

}  // namespace

const std::vector<BitCase>& bit_cases() {
  static const std::vector<BitCase> cases = [] {
    Table table;
    add_convs(table);
    add_long_convs(table);
    add_transposes(table);
    add_einsums(table);
    add_dense(table);
    add_long_dense(table);
    add_products(table);
    add_rows(table);
    add_elementwise(table);
    add_powers(table);
    add_pools(table);
    add_recurrent(table);
    return table.list;
  }();
  return cases;
}

Tensor take_rows(const Tensor& pool, Index count, Index first) {
  const Index rows = pool.shape().at(0);
  Shape shape = pool.shape();
  shape[0] = count;
  Tensor result(pool.dtype(), shape);
  const std::size_t bytes = pool.bytes() / static_cast<std::size_t>(rows);
  for (Index i = 0; i < count; ++i)
    std::memcpy(
        static_cast<std::byte*>(result.mutable_data()) + static_cast<std::size_t>(i) * bytes,
        static_cast<const std::byte*>(pool.data()) +
            static_cast<std::size_t>((first + i) % rows) * bytes,
        bytes);
  return result;
}

OperatorCase take_samples(const OperatorCase& whole, unsigned batched, Index batch, Index first) {
  OperatorCase part = whole;
  for (std::size_t i = 0; i < part.inputs.size(); ++i)
    if ((batched >> i & 1u) != 0) part.inputs[i] = take_rows(whole.inputs[i], batch, first);
  return part;
}

OperatorCase special_case(const BitCase& c, int rarity) {
  OperatorCase special = c.make(2);
  for (std::size_t i = 0; i < special.inputs.size(); ++i) {
    Tensor& input = special.inputs[i];
    const bool chosen = i == 0 || static_cast<int>(i) == rarity % 4;
    if (chosen && input.defined() && input.dtype() == DType::kFloat32)
      input = random_special(input.shape(), static_cast<unsigned>(i), rarity);
  }
  return special;
}

}  // namespace engine::test
