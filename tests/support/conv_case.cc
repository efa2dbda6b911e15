#include "support/conv_case.h"

#include "ops/conv.h"

#include <cmath>

namespace engine::test {
namespace {

Tensor values(Shape shape, unsigned seed, double low = -1, double high = 1) {
  return random(DType::kFloat32, std::move(shape), seed, low, high);
}

std::shared_ptr<ops::Conv> conv(const ConvSize& s, bool residual, numerics::Activation activation) {
  ops::Epilogue epilogue;
  epilogue.residual = residual;
  epilogue.activation = activation;
  epilogue.a = 0.25f;
  auto list = s.attributes;
  list.emplace_back("kernel_shape", s.kernel);
  return std::make_shared<ops::Conv>(ops::Spatial::parse(attributes(list)), s.group, epilogue,
                                     s.winograd);
}

// Extents of the output; the last operand is the residual.
Shape output_shape(const ops::Conv& op, const Shape& x, const Shape& w) {
  const std::vector<ops::Operand> operands = {{.type = TensorType(DType::kFloat32, x)},
                                              {.type = TensorType(DType::kFloat32, w)},
                                              {.type = TensorType(DType::kFloat32, Shape{w[0]})},
                                              {.type = TensorType::unranked(DType::kFloat32)}};
  return op.infer(ops::Operands(operands), 1)[0].shape().value();
}

}  // namespace

OperatorCase conv_case(const ConvSize& s, Index batch, bool residual,
                       numerics::Activation activation) {
  const Index depth = s.channels / s.group;
  Shape x = s.image, w = s.kernel;
  x.insert(x.begin(), {batch, s.channels});
  w.insert(w.begin(), {s.filters, depth});
  const double scale =
      1.5 / std::sqrt(static_cast<double>(product(w, 1, static_cast<Index>(w.size()))));
  OperatorCase c;
  c.op = conv(s, residual, activation);
  c.inputs = {values(x, 1, -2, 2), values(w, 2, -scale, scale),
              s.bias ? values({s.filters}, 3) : Tensor()};
  c.constants = s.computed_weights ? 0u : 0b110u;
  c.relative = c.absolute = 1e-4;
  if (residual)
    c.inputs.push_back(values(output_shape(static_cast<const ops::Conv&>(*c.op), x, w), 4));
  return c;
}

}  // namespace engine::test
