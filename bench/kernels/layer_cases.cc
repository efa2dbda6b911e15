#include "bench/kernels/layer_cases.h"

#include "numerics/winograd.h"
#include "ops/dense.h"
#include "ops/head_attention.h"
#include "support/conv_case.h"

#include <cmath>

namespace engine::bench {
namespace {

using numerics::Activation;
using test::attributes;
using test::ConvSize;
using test::make_operator;
using test::OperatorCase;
using List = std::vector<std::pair<std::string, ops::Attribute>>;
using Ints = std::vector<Index>;

Tensor values(Shape shape, unsigned seed, double low = -1, double high = 1) {
  return test::random(DType::kFloat32, std::move(shape), seed, low, high);
}

OperatorCase case_of(ops::OperatorPtr op, std::vector<Tensor> inputs, unsigned constants = 0) {
  OperatorCase c;
  c.op = std::move(op);
  c.inputs = std::move(inputs);
  c.constants = constants;
  return c;
}

struct Table {
  std::vector<LayerCase> list;

  void add(std::string name, std::function<OperatorCase(Index)> make, Index batch = 1) {
    LayerCase c;
    c.batch = batch;
    c.layer.name = name;
    c.layer.make = [make = std::move(make), name = std::move(name)](Index samples) {
      OperatorCase result = make(samples);
      result.name = name;
      return result;
    };
    list.push_back(std::move(c));
  }

  // An operator without constants on one tensor behind the batch.
  void add_simple(const std::string& name, const char* op, List list_of_attributes, Shape x) {
    add(name, [=](Index batch) {
      Shape shape = x;
      shape.insert(shape.begin(), batch);
      return case_of(make_operator("", op, attributes(list_of_attributes)), {values(shape, 1)});
    });
  }
};

// A square convolution with "same" pads, and the tile of Winograd's form that the pass would
// choose.
ConvSize square(Index channels, Index pixels, Index filters, Index kernel, Index stride,
                Index group = 1) {
  const Index pad = kernel / 2, out = (pixels - 1) / stride + 1;
  const bool winograd = kernel == 3 && stride == 1 && group == 1;
  ConvSize size{channels, {pixels, pixels}, filters, {kernel, kernel}, group};
  size.attributes = {{"pads", Ints{pad, pad, pad, pad}}, {"strides", Ints{stride, stride}}};
  size.winograd = winograd ? numerics::winograd_tile(channels, filters, out, out) : 0;
  return size;
}

void add_conv(Table& table, const std::string& network, const ConvSize& size, bool residual = false,
              Activation activation = Activation::kRelu) {
  const Index stride = std::get<Ints>(size.attributes[1].second)[0];
  std::string name = concat(network, " ", size.kernel[0], "x", size.kernel[0], " ", size.channels,
                            " to ", size.filters, " of ", size.image[0]);
  if (stride > 1) name += concat(" stride ", stride);
  if (size.group > 1) name += " depthwise";
  table.add(name + (residual ? " residual" : ""),
            [=](Index batch) { return conv_case(size, batch, residual, activation); });
}

void add_resnet(Table& table) {
  const std::string net = "ResNet-50";
  add_conv(table, net, square(3, 224, 64, 7, 2));
  add_conv(table, net, square(64, 56, 64, 1, 1));
  for (Index stage = 0; stage < 4; ++stage) {
    const Index width = Index{64} << stage, wide = 4 * width, pixels = Index{56} >> stage;
    if (stage > 0) {
      add_conv(table, net, square(2 * width, 2 * pixels, width, 1, 1));
      add_conv(table, net, square(width, 2 * pixels, width, 3, 2));
      add_conv(table, net, square(2 * width, 2 * pixels, wide, 1, 2), false, Activation::kIdentity);
    } else {
      add_conv(table, net, square(width, pixels, wide, 1, 1), false, Activation::kIdentity);
    }
    add_conv(table, net, square(width, pixels, width, 3, 1));
    add_conv(table, net, square(width, pixels, wide, 1, 1), true);
    add_conv(table, net, square(wide, pixels, width, 1, 1));
  }
}

void add_mobilenet(Table& table) {
  struct Size {
    Index channels, pixels, stride;
  };
  const std::string net = "MobileNet";
  add_conv(table, net, square(3, 224, 32, 3, 2));
  for (const Size s : {Size{32, 112, 1},
                       {96, 112, 2},
                       {144, 56, 1},
                       {144, 56, 2},
                       {192, 28, 1},
                       {192, 28, 2},
                       {384, 14, 1},
                       {576, 14, 1},
                       {576, 14, 2},
                       {960, 7, 1}})
    add_conv(table, net, square(s.channels, s.pixels, s.channels, 3, s.stride, s.channels));
  add_conv(table, net, square(16, 112, 96, 1, 1));
  add_conv(table, net, square(24, 56, 144, 1, 1));
  add_conv(table, net, square(144, 28, 32, 1, 1), false, Activation::kIdentity);
  add_conv(table, net, square(576, 14, 96, 1, 1), true, Activation::kIdentity);
  add_conv(table, net, square(320, 7, 1280, 1, 1));
}

void add_dense(Table& table) {
  struct Size {
    Index inputs, outputs;
  };
  for (const Size s : {Size{16, 64},
                       {64, 32},
                       {32, 32},
                       {32, 5},
                       {60, 128},
                       {128, 128},
                       {784, 256},
                       {2048, 1000},
                       {768, 3072}})
    for (const Index rows : {1, 1000}) {
      if (rows > 1 && s.inputs * s.outputs > 250'000) continue;
      table.add(
          concat("Dense+Relu ", s.inputs, " to ", s.outputs, rows > 1 ? ", 1000 rows" : ""),
          [=](Index batch) {
            ops::Epilogue epilogue;
            epilogue.activation = Activation::kRelu;
            const double scale = 1.5 / std::sqrt(static_cast<double>(s.inputs));
            return case_of(
                std::make_shared<ops::Dense>(false, epilogue),
                {values({batch, s.inputs}, 1), values({s.inputs, s.outputs}, 2, -scale, scale),
                 values({s.outputs}, 3)},
                0b110);
          },
          rows);
    }
}

void add_recurrent(Table& table) {
  struct Size {
    Index steps, inputs, hidden;
  };
  for (const std::string name : {"GRU", "LSTM"})
    for (const Size s : {Size{1, 16, 64}, {20, 16, 64}, {20, 6, 20}, {1, 128, 256}, {50, 128, 256}})
      table.add(
          concat(name, " ", s.inputs, " to ", s.hidden, ", ", s.steps, " steps"), [=](Index batch) {
            const Index rows = (name == "GRU" ? 3 : 4) * s.hidden;
            return case_of(
                make_operator("", name, attributes({{"hidden_size", s.hidden}})),
                {values({s.steps, batch, s.inputs}, 1), values({1, rows, s.inputs}, 2, -0.2, 0.2),
                 values({1, rows, s.hidden}, 3, -0.2, 0.2), values({1, 2 * rows}, 4)},
                0b1110);
          });
}

void add_attention(Table& table) {
  struct Size {
    Index heads, tokens, width;
  };
  for (const Size s : {Size{8, 60, 16}, {12, 128, 64}}) {
    const std::string size = concat(" of ", s.heads, " heads, ", s.tokens, " tokens of ", s.width);
    table.add("MatMul Q K'" + size, [=](Index batch) {
      return case_of(make_operator("", "MatMul", {}),
                     {values({batch, s.heads, s.tokens, s.width}, 1),
                      values({batch, s.heads, s.width, s.tokens}, 2)});
    });
    table.add("MatMul P V" + size, [=](Index batch) {
      return case_of(make_operator("", "MatMul", {}),
                     {values({batch, s.heads, s.tokens, s.tokens}, 1, 0, 1),
                      values({batch, s.heads, s.tokens, s.width}, 2)});
    });
    table.add("HeadAttention" + size, [=](Index batch) {
      const Shape tokens = {batch, s.tokens, s.heads, s.width};
      return case_of(std::make_shared<ops::HeadAttention>(ops::ScoreScale{4, true}),
                     {values(tokens, 1), values(tokens, 2), values(tokens, 3)});
    });
    table.add_simple("Softmax" + size, "Softmax", {}, {s.heads, s.tokens, s.tokens});
    table.add_simple("Transpose heads" + size, "Transpose", {{"perm", Ints{0, 2, 1, 3}}},
                     {s.tokens, s.heads, s.width});
  }
}

void add_rows(Table& table) {
  table.add_simple("Softmax of a row of 5", "Softmax", {}, {5});
  table.add_simple("Softmax of a row of 1000", "Softmax", {}, {1000});
  for (const Index width : {64, 768})
    table.add(concat("LayerNormalization of 128 x ", width), [=](Index batch) {
      return case_of(make_operator("", "LayerNormalization", {}),
                     {values({batch, 128, width}, 1), values({width}, 2), values({width}, 3)},
                     0b110);
    });
  table.add("ReduceMean over the pixels of 64 x 56 x 56", [](Index batch) {
    const Ints axes = {2, 3};
    return case_of(
        make_operator("", "ReduceMean", {}),
        {values({batch, 64, 56, 56}, 1), Tensor::of<Index>({2}, std::span<const Index>(axes))},
        0b10);
  });
}

void add_pools(Table& table) {
  const List stem = {
      {"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}};
  const List halves = {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  table.add_simple("MaxPool 3x3 stride 2 of 64 x 112 x 112", "MaxPool", stem, {64, 112, 112});
  table.add_simple("MaxPool 2x2 of 32 x 48 x 48", "MaxPool", halves, {32, 48, 48});
  table.add_simple("AveragePool 2x2 of 64 x 28 x 28", "AveragePool", halves, {64, 28, 28});
  table.add_simple("GlobalAveragePool of 2048 x 7 x 7", "GlobalAveragePool", {}, {2048, 7, 7});
}

void add_elementwise(Table& table) {
  for (const char* name : {"Relu", "Sigmoid", "Tanh", "Gelu", "Exp"})
    table.add_simple(concat(name, " of 128 x 768"), name, {}, {128, 768});
  for (const char* name : {"Add", "Mul", "Div"}) {
    table.add(concat(name, " of 64 x 56 x 56"), [=](Index batch) {
      return case_of(make_operator("", name, {}),
                     {values({batch, 64, 56, 56}, 1), values({batch, 64, 56, 56}, 2, 1, 2)});
    });
    table.add(concat(name, " of 16 features"), [=](Index batch) {
      return case_of(make_operator("", name, {}),
                     {values({batch, 16}, 1), values({1, 16}, 2, 1, 2)}, 0b10);
    });
  }
  table.add("BatchNormalization of 64 x 56 x 56", [](Index batch) {
    return case_of(make_operator("", "BatchNormalization", {}),
                   {values({batch, 64, 56, 56}, 1), values({64}, 2), values({64}, 3),
                    values({64}, 4), values({64}, 5, 0.1, 2)},
                   0b11110);
  });
}

Tensor indices(Shape shape, Index below) {
  return test::random(DType::kInt64, std::move(shape), 7, 0, static_cast<double>(below) - 0.01);
}

void add_moves(Table& table) {
  table.add_simple("Transpose to channels last of 64 x 56 x 56", "Transpose",
                   {{"perm", Ints{0, 2, 3, 1}}}, {64, 56, 56});
  table.add_simple("Transpose of 512 x 512", "Transpose", {{"perm", Ints{0, 2, 1}}}, {512, 512});
  table.add("Gather 1000 rows of 10000 x 64", [](Index batch) {
    return case_of(make_operator("", "Gather", {}),
                   {values({10'000, 64}, 1), indices({batch, 1000}, 10'000)}, 0b1);
  });
  table.add("Gather 800 edges of 200 nodes x 64", [](Index batch) {
    return case_of(make_operator("", "Gather", attributes({{"axis", Index{1}}})),
                   {values({batch, 200, 64}, 1), indices({800}, 200)});
  });
  table.add("ScatterElements add 800 edges to 200 nodes x 64", [](Index batch) {
    Tensor nodes = indices({batch, 800, 64}, 200);  // of an edge all elements go to one node
    const auto list = nodes.mutable_values<std::int64_t>();
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = list[i / 64 * 64];
    return case_of(
        make_operator("", "ScatterElements",
                      attributes({{"axis", Index{1}}, {"reduction", std::string("add")}})),
        {values({batch, 200, 64}, 1), nodes, values({batch, 800, 64}, 2)});
  });
  table.add("Concat of 2 x 64 x 28 x 28", [](Index batch) {
    return case_of(make_operator("", "Concat", attributes({{"axis", Index{1}}})),
                   {values({batch, 64, 28, 28}, 1), values({batch, 64, 28, 28}, 2)});
  });
  table.add("ConvTranspose 2x2 stride 2 64 to 32 of 28", [](Index batch) {
    return case_of(
        make_operator("", "ConvTranspose", attributes({{"strides", Ints{2, 2}}})),
        {values({batch, 64, 28, 28}, 1), values({64, 32, 2, 2}, 2, -0.1, 0.1), values({32}, 3)},
        0b110);
  });
}

}  // namespace

const std::vector<LayerCase>& layer_cases() {
  static const std::vector<LayerCase> cases = [] {
    Table table;
    add_resnet(table);
    add_mobilenet(table);
    add_dense(table);
    add_recurrent(table);
    add_attention(table);
    add_rows(table);
    add_pools(table);
    add_elementwise(table);
    add_moves(table);
    return table.list;
  }();
  return cases;
}

}  // namespace engine::bench
