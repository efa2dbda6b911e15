// Kernels as a GPU runs them, 16 work-items for a vector. All that differs is the shape of the
// work; the bits are the same.
#include "ops/opencl/device_bits.h"
#include "ops/opencl/disguise.h"

namespace engine::test {
namespace {

constexpr std::size_t kShards = 6;

class OpenClSpreadLanes : public testing::TestWithParam<std::size_t> {};

// Every case of the table, parted for processes that run side by side.
TEST_P(OpenClSpreadLanes, Bits) {
  const auto device = disguised_device();
  if (!device) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  ASSERT_FALSE(device->facts().is_cpu());
  const auto backend = opencl::make_backend(device, cpu::make_backend(best_isa()));
  for (std::size_t i = GetParam(); i < bit_cases().size(); i += kShards) {
    SCOPED_TRACE(bit_cases()[i].name);
    for (const Index batch : {1, 5}) check_on_device(bit_cases()[i].make(batch), *backend);
    check_on_device(special_case(bit_cases()[i], 6), *backend);
    if (HasFailure()) return;
  }
}

// The output's memory after a kernel on one row, whose lanes behind the row have nothing to write:
// the next row is another group's.
std::vector<float> memory_after_one_row(opencl::Device& device, const char* program,
                                        const char* kernel,
                                        const std::vector<opencl::Argument>& arguments) {
  const std::vector<float> ones(16, 1.0f), untouched(16, 42.0f);
  const opencl::Queue queue = device.make_queue();
  const opencl::Buffer in = device.upload(ones.data(), 64),
                       out = device.upload(untouched.data(), 64);
  const opencl::KernelHandle handle = device.make_kernel(program, kernel);
  cl_uint position = 0;
  for (const opencl::Argument& argument : arguments)
    std::visit(
        [&]<class T>(const T& value) {
          const cl_mem memory = std::is_same_v<T, opencl::In> ? in.get() : out.get();
          if constexpr (std::is_arithmetic_v<T>)
            opencl::api().clSetKernelArg(handle.get(), position++, sizeof(value), &value);
          else if constexpr (std::is_same_v<T, cl_mem>)
            opencl::api().clSetKernelArg(handle.get(), position++, sizeof(value), nullptr);
          else opencl::api().clSetKernelArg(handle.get(), position++, sizeof(memory), &memory);
        },
        argument);
  const std::size_t items[] = {16, 1, 1};
  std::vector<float> result(16);
  EXPECT_EQ(opencl::api().clEnqueueNDRangeKernel(queue.get(), handle.get(), 3, nullptr, items,
                                                 items, 0, nullptr, nullptr),
            CL_SUCCESS);
  EXPECT_EQ(opencl::api().clEnqueueReadBuffer(queue.get(), out.get(), CL_TRUE, 0, 64, result.data(),
                                              0, nullptr, nullptr),
            CL_SUCCESS);
  return result;
}

TEST(SpreadLanes, LanesBehindARowWriteNothing) {
  const auto device = disguised_device();
  if (!device) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const opencl::Argument x = opencl::In{0}, y = opencl::Out{0}, none = cl_mem{nullptr};
  const cl_int one = 1, two = 2, zero = 0;
  for (const auto& memory :
       {memory_after_one_row(*device, "softmax", "softmax_rows", {x, y, one, two, one, zero}),
        memory_after_one_row(
            *device, "normalization", "normalize_rows",
            {x, x, none, y, none, none, one, two, one, one, one, cl_float{1e-5f}, zero}),
        memory_after_one_row(*device, "normalization", "normalize_groups",
                             {x, x, x, y, one, one, one, two, one, cl_float{1e-5f}})}) {
    EXPECT_NE(memory[0], 42.0f);
    EXPECT_NE(memory[1], 42.0f);
    for (std::size_t i = 2; i < memory.size(); ++i) EXPECT_EQ(memory[i], 42.0f) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, OpenClSpreadLanes, testing::Range<std::size_t>(0, kShards));

}  // namespace
}  // namespace engine::test
