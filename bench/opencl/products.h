// Products on an OpenCL device: the engine's kernels, CLBlast's and the peak of the CPU, in turns.
#pragma once

#include "ops/opencl/kernel.h"

#include <string>
#include <vector>

namespace engine::bench {

struct ProductShape {
  Index rows, columns, terms;
};

/// The products that ResNet-50's convolutions of one image are, and two of a small perceptron.
std::vector<ProductShape> product_shapes();

/// Median times of one product, in nanoseconds; 0 where there is no CLBlast.
struct ProductTimes {
  ProductShape shape;
  double own_ns = 0, clblast_ns = 0, tuned_ns = 0;
};

struct ProductOptions {
  int rounds = 7;
  double tune_seconds = 0;  ///< of search for CLBlast's parameters; 0: only as it comes
};

/// Throws Error.
std::vector<ProductTimes> measure_products(opencl::Device& device, const ProductOptions& options);

}  // namespace engine::bench
