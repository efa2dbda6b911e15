#include "bench/opencl/products.h"

#include "base/check.h"
#include "bench/opencl/clblast.h"
#include "ops/opencl/products.h"
#include "tools/bench/statistics.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace engine::bench {
namespace {

using opencl::api;
using opencl::Buffer;
using Clock = std::chrono::steady_clock;

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// A product on a queue in as many ways as there are.
class Product {
 public:
  Product(opencl::Device& device, const opencl::Queue& queue, const ProductShape& shape)
      : device_(device),
        queue_(queue.get()),
        shape_(shape),
        a_(filled(shape.rows * shape.terms)),
        b_(filled(shape.terms * (shape.columns + 15) / 16 * 16)),
        y_(filled(shape.rows * shape.columns + 16)) {
    bind();
  }

  // The mean of as many as fill a moment.
  double time(const std::function<void()>& enqueue) const {
    constexpr double kMoment = 20e6;  // ns
    enqueue();
    finish();
    const auto start = Clock::now();
    int count = 0;
    do {
      enqueue();
      finish();
      ++count;
    } while (nanoseconds_since(start) < kMoment);
    return nanoseconds_since(start) / count;
  }

  void enqueue_own() const {
    opencl::require(
        api().clEnqueueNDRangeKernel(queue_, kernel_.get(), 3, nullptr, launch_.items.data(),
                                     launch_.group.data(), 0, nullptr, nullptr),
        "clEnqueueNDRangeKernel");
  }
  void enqueue_clblast() const { clblast_product(queue_, shape_, a_.get(), b_.get(), y_.get()); }

 private:
  Buffer filled(Index count) const {
    const std::vector<float> values(static_cast<std::size_t>(count), 0.01f);
    return device_.upload(values.data(), values.size() * sizeof(float));
  }
  void finish() const { opencl::require(api().clFinish(queue_), "clFinish"); }

  void bind() {
    launch_ = opencl::product_launch(device_, a_.get(), b_.get(), y_.get(), shape_.rows,
                                     shape_.terms, shape_.columns);
    kernel_ = device_.make_kernel(launch_.program, launch_.kernel);
    cl_uint position = 0;
    for (const opencl::Argument& argument : launch_.arguments)
      std::visit(
          [&](const auto& value) {
            opencl::require(api().clSetKernelArg(kernel_.get(), position++, sizeof(value), &value),
                            "clSetKernelArg");
          },
          argument);
  }

  opencl::Device& device_;
  cl_command_queue queue_;
  ProductShape shape_;
  Buffer a_, b_, y_;
  opencl::Launch launch_{};
  opencl::KernelHandle kernel_;
};

// The best parameters of a random search on one product in the middle of the range.
ClblastParameters search(opencl::Device& device, const opencl::Queue& queue, double seconds) {
  const Product product(device, queue, {196, 256, 2304});
  ClblastParameters best;
  double least = 0;
  const auto start = Clock::now();
  for (unsigned seed = 1; nanoseconds_since(start) < 1e9 * seconds; ++seed) {
    const ClblastParameters candidate = random_parameters(seed);
    try {
      set_clblast(device.id(), candidate);
      const double ns = product.time([&] { product.enqueue_clblast(); });
      if (best.empty() || ns < least) best = candidate, least = ns;
    } catch (const Error&) {  // the device does not take it
    }
  }
  return best;
}

}  // namespace

std::vector<ProductShape> product_shapes() {
  return {{12544, 64, 147}, {3136, 64, 576},  {3136, 256, 64},  {784, 128, 1152},
          {784, 512, 128},  {196, 256, 2304}, {196, 1024, 256}, {49, 512, 4608},
          {49, 2048, 512},  {1000, 64, 16},   {1000, 32, 64}};
}

std::vector<ProductTimes> measure_products(opencl::Device& device, const ProductOptions& options) {
  const opencl::Queue queue = device.make_queue();
  ClblastParameters tuned;
  if (has_clblast() && options.tune_seconds > 0)
    tuned = search(device, queue, options.tune_seconds);
  std::vector<ProductTimes> list;
  for (const ProductShape& shape : product_shapes()) {
    const Product product(device, queue, shape);
    std::vector<double> own, clblast, with_tuned;
    for (int round = 0; round < options.rounds; ++round) {
      own.push_back(product.time([&] { product.enqueue_own(); }));
      if (!has_clblast()) continue;
      set_clblast(device.id(), {});
      clblast.push_back(product.time([&] { product.enqueue_clblast(); }));
      if (tuned.empty()) continue;
      set_clblast(device.id(), tuned);
      with_tuned.push_back(product.time([&] { product.enqueue_clblast(); }));
    }
    const auto of = [](const std::vector<double>& ns) {
      return ns.empty() ? 0 : tools::median(ns);
    };
    list.push_back({shape, of(own), of(clblast), of(with_tuned)});
  }
  return list;
}

}  // namespace engine::bench
