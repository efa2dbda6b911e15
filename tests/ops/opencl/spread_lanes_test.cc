// Kernels as a GPU runs them, 16 work-items for a vector: on the CPU's device, which here says that
// it is a GPU. All that differs is the shape of the work; the bits are the same.
#include "ops/opencl/device_bits.h"
#include "ops/opencl/faulty_api.h"

#include <cstring>

namespace engine::test {
namespace {

opencl::Api real;

cl_int CL_API_CALL say_gpu(cl_device_id device, cl_device_info what, std::size_t size, void* value,
                           std::size_t* needed) {
  const cl_int code = real.clGetDeviceInfo(device, what, size, value, needed);
  constexpr cl_device_type kGpu = CL_DEVICE_TYPE_GPU;
  if (code == CL_SUCCESS && what == CL_DEVICE_TYPE && value) std::memcpy(value, &kGpu, sizeof kGpu);
  return code;
}

// Takes the place of the loader while it lives.
class Disguise {
 public:
  Disguise() {
    real = opencl::api();
    layer_ = real;
    layer_.clGetDeviceInfo = say_gpu;
    opencl::replace_api(&layer_);
  }
  ~Disguise() { opencl::replace_api(nullptr); }
  Disguise(const Disguise&) = delete;

 private:
  opencl::Api layer_;
};

constexpr std::size_t kShards = 6;

class OpenClSpreadLanes : public testing::TestWithParam<std::size_t> {};

// Every case of the table, parted for processes that run side by side.
TEST_P(OpenClSpreadLanes, Bits) {
  if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const Disguise disguise;
  const auto device = opencl::Device::open("0");
  ASSERT_FALSE(device->facts().is_cpu());
  const auto backend = opencl::make_backend(device, cpu::make_backend(best_isa()));
  for (std::size_t i = GetParam(); i < bit_cases().size(); i += kShards) {
    SCOPED_TRACE(bit_cases()[i].name);
    for (const Index batch : {1, 5}) check_on_device(bit_cases()[i].make(batch), *backend);
    check_on_device(special_case(bit_cases()[i], 6), *backend);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, OpenClSpreadLanes, testing::Range<std::size_t>(0, kShards));

}  // namespace
}  // namespace engine::test
