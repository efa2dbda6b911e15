#include "bench/opencl/launches.h"

#include "base/pool.h"
#include "ops/opencl/execution.h"
#include "ops/opencl/unary.h"
#include "tools/bench/statistics.h"

#include <chrono>
#include <functional>

namespace engine::bench {
namespace {

using opencl::api;
using opencl::require;

constexpr int kLaunches = 100;
constexpr Index kElements = 16;

// A kernel that does nothing, and a queue.
class EmptyKernel {
 public:
  explicit EmptyKernel(const opencl::Device& device) : queue_(device.make_queue()) {
    const char* text = "kernel void empty() {}";
    cl_int code = CL_SUCCESS;
    program_ = opencl::Program(
        api().clCreateProgramWithSource(device.context(), 1, &text, nullptr, &code));
    require(code, "clCreateProgramWithSource");
    require(api().clBuildProgram(program_.get(), 0, nullptr, "", nullptr, nullptr),
            "clBuildProgram");
    kernel_ = opencl::KernelHandle(api().clCreateKernel(program_.get(), "empty", &code));
    require(code, "clCreateKernel");
  }
  void launch() const {
    const std::size_t one[] = {1, 1, 1};
    require(api().clEnqueueNDRangeKernel(queue_.get(), kernel_.get(), 3, nullptr, one, one, 0,
                                         nullptr, nullptr),
            "clEnqueueNDRangeKernel");
  }
  void finish() const { require(api().clFinish(queue_.get()), "clFinish"); }

 private:
  opencl::Queue queue_;
  opencl::Program program_;
  opencl::KernelHandle kernel_;
};

// A run whose one step is a chain of launches on the memory of its input.
class Chain {
 public:
  explicit Chain(const std::shared_ptr<opencl::Device>& device)
      : pool_(1, nullptr),
        kernel_(device, kBytes, kBytes, {"chain", launches(*device)}),
        places_{{ops::Place::Kind::kArena, 0, nullptr}} {
    ops::Recording recording;
    recording.arena_bytes = device->facts().alignment;
    recording.steps.push_back({&kernel_, places_, places_, 0});
    recording.inputs = recording.outputs = {{places_[0], kBytes}};
    run_ = opencl::make_run(device, recording, pool_);
    std::fill_n(reinterpret_cast<float*>(run_->input(0)), kElements, 1.0f);
  }
  void run() const {
    std::ptrdiff_t step = -1;
    require(run_->run(step).ok() ? CL_SUCCESS : CL_INVALID_OPERATION, "a run");
  }

 private:
  static constexpr std::size_t kBytes = kElements * sizeof(float);
  static std::vector<opencl::Launch> launches(const opencl::Device& device) {
    return std::vector(kLaunches, opencl::unary_launch(device, numerics::Activation::kRelu, 0, 0,
                                                       kElements, opencl::In{0}, opencl::Out{0}));
  }

  Pool pool_;
  opencl::DeviceKernel kernel_;
  std::vector<ops::Place> places_;
  std::unique_ptr<ops::DeviceRun> run_;
};

// The mean over as many as fill a moment.
double time(const std::function<void()>& action) {
  using Clock = std::chrono::steady_clock;
  constexpr double kMoment = 20e6;  // ns
  const auto start = Clock::now();
  double ns = 0;
  int count = 0;
  for (; ns < kMoment; ++count) {
    action();
    ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  }
  return ns / count;
}

}  // namespace

LaunchTimes measure_launches(const std::shared_ptr<opencl::Device>& device, int rounds) {
  const EmptyKernel empty(*device);
  const Chain chain(device);
  const auto empties = [&] {
    for (int i = 0; i < kLaunches; ++i) empty.launch();
    empty.finish();
  };
  const auto alone = [&] {
    empty.launch();
    empty.finish();
  };
  empties();
  chain.run();
  std::vector<double> of_empty, of_engine, of_alone;
  for (int round = 0; round < rounds; ++round) {
    of_empty.push_back(time(empties) / kLaunches);
    of_engine.push_back(time([&] { chain.run(); }) / kLaunches);
    of_alone.push_back(time(alone));
  }
  return {kLaunches, tools::median(of_empty), tools::median(of_engine), tools::median(of_alone)};
}

}  // namespace engine::bench
