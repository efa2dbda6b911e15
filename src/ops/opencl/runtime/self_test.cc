#include "ops/opencl/runtime/self_test.h"

#include "base/check.h"
#include "base/fp_state.h"
#include "base/text.h"
#include "numerics/contract.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace engine::opencl {
namespace {

constexpr std::size_t kCount = 16384;

struct Operation {
  const char* name;
  float (*compute)(float a, float b, float c);
};
// In the order of self_test.cl.
constexpr Operation kOperations[] = {
    {"a * b + c", [](float a, float b, float c) { return a * b + c; }},
    {"fma", [](float a, float b, float c) { return std::fma(a, b, c); }},
    {"division", [](float a, float b, float) { return a / b; }},
    {"square root", [](float a, float, float) { return std::sqrt(a); }},
    {"a + b", [](float a, float b, float) { return a + b; }},
    {"comparison", [](float a, float b, float) { return a < b ? a : b; }},
};

// Of four kinds, each of which meets each other: any bits, values of like size (which round and
// cancel), small ones (whose products are denormal), and denormals with their neighbours.
std::vector<float> patterns() {
  std::vector<float> values;
  std::uint64_t state = 1;
  for (std::size_t operand = 0; operand < 3; ++operand)
    for (std::size_t i = 0; i < kCount; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
      const auto random = static_cast<std::uint32_t>(state >> 32);
      const std::uint32_t sign = random & 0x80000000u, mantissa = random & 0x007fffffu;
      const std::uint32_t exponent = random >> 23 & 0xffu;
      const std::uint32_t exponents[] = {exponent, 124 + exponent % 8, 50 + exponent % 32,
                                         exponent % 2};
      values.push_back(
          std::bit_cast<float>(sign | exponents[i >> 2 * operand & 3] << 23 | mantissa));
    }
  return values;
}

std::vector<float> run(Device& device, const std::vector<float>& operands) {
  constexpr std::size_t kResults = std::size(kOperations) * kCount;
  constexpr const char* kName = "self_test";
  const Queue queue = device.make_queue();
  const Buffer in = device.upload(operands.data(), operands.size() * sizeof(float));
  const Buffer out = device.allocate(kResults * sizeof(float));
  const KernelHandle kernel = device.make_kernel(kName, kName);
  const cl_mem in_memory = in.get(), out_memory = out.get();
  const auto count = static_cast<cl_int>(kCount);
  const auto set = [&](cl_uint position, std::size_t bytes, const void* value) {
    require(api().clSetKernelArg(kernel.get(), position, bytes, value), "clSetKernelArg");
  };
  set(0, sizeof(in_memory), &in_memory);
  set(1, sizeof(out_memory), &out_memory);
  set(2, sizeof(count), &count);
  const std::size_t lanes = device.lane_items();
  std::size_t items[] = {lanes, kCount / numerics::kLanes, 1};
  const std::size_t group[] = {lanes, 1, 1};
  if (device.is_single_item()) {
    const cl_int grid[] = {0, static_cast<cl_int>(items[1]), 1};
    for (cl_uint i = 0; i < std::size(grid); ++i) set(3 + i, sizeof(cl_int), grid + i);
    items[1] = 1;
  }
  require(api().clEnqueueNDRangeKernel(queue.get(), kernel.get(), 3, nullptr, items, group, 0,
                                       nullptr, nullptr),
          "clEnqueueNDRangeKernel of the self-test");
  std::vector<float> results(kResults);
  require(api().clEnqueueReadBuffer(queue.get(), out.get(), CL_TRUE, 0, kResults * sizeof(float),
                                    results.data(), 0, nullptr, nullptr),
          "clEnqueueReadBuffer of the self-test");
  if (device.is_new(kName, kName)) device.save_programs();
  return results;
}

bool same(float x, float y) {
  return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y) ||
         (std::isnan(x) && std::isnan(y));
}

}  // namespace

std::string self_test(Device& device) {
  const FpState fp;
  const std::vector<float> operands = patterns(), results = run(device, operands);
  std::vector<std::string> found;
  for (std::size_t o = 0; o < std::size(kOperations); ++o) {
    std::size_t wrong = 0, first = 0;
    for (std::size_t i = kCount; i-- > 0;) {
      const float wanted =
          kOperations[o].compute(operands[i], operands[kCount + i], operands[2 * kCount + i]);
      if (same(results[o * kCount + i], wanted)) continue;
      ++wrong;
      first = i;
    }
    if (wrong == 0) continue;
    found.push_back(concat(kOperations[o].name, " (", wrong, " of ", kCount, " values, first for ",
                           std::hexfloat, operands[first], ", ", operands[kCount + first], ", ",
                           operands[2 * kCount + first], ")"));
  }
  return found.empty() ? "" : "its arithmetic is not the CPU's: " + join(found);
}

}  // namespace engine::opencl
