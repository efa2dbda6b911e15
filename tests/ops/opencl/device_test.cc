// What a device says of itself and what is found out: guarantees, messages, remarks.
#include "ops/opencl/runtime/device.h"

#include "ops/opencl/faulty_api.h"
#include "ops/opencl/small_models.h"

#include <gtest/gtest.h>

namespace engine::test {
namespace {

using opencl::Api;

// The loader with one function of the test's own.
class OpenClDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
    real = opencl::api();
    api_ = real;
  }
  void TearDown() override { opencl::replace_api(nullptr); }
  template <class Function>
  void replace(Function Api::*member, Function by) {
    api_.*member = by;
    opencl::replace_api(&api_);
  }
  // Without what an earlier test has built otherwise.
  static Guarantees guarantees_after_a_run() {
    const OwnCache cache;
    const Model model = small_mlp();
    Attempt attempt(model);
    EXPECT_EQ(attempt.go(), "");
    return attempt.session().guarantees();
  }
  static inline Api real;

 private:
  Api api_;
};

class OpenClGuarantees : public OpenClDevice {
 public:
  static cl_int without_fma(cl_device_id id, cl_device_info what, std::size_t size, void* to,
                            std::size_t* needed) {
    const cl_int code = real.clGetDeviceInfo(id, what, size, to, needed);
    if (what == CL_DEVICE_SINGLE_FP_CONFIG && to)
      *static_cast<cl_device_fp_config*>(to) &= ~cl_device_fp_config{CL_FP_FMA};
    return code;
  }
  static cl_int without_denormals(cl_program program, cl_uint count, const cl_device_id* ids,
                                  const char* options, void (*notify)(cl_program, void*),
                                  void* data) {
    const std::string more = std::string(options) + " -cl-denorms-are-zero";
    return real.clBuildProgram(program, count, ids, more.c_str(), notify, data);
  }
  static cl_program not_opencl(cl_context context, cl_uint, const char**, const std::size_t*,
                               cl_int* code) {
    const char* text = "kernel void f() { nonsense }";
    return real.clCreateProgramWithSource(context, 1, &text, nullptr, code);
  }
};

TEST_F(OpenClGuarantees, HoldOnADeviceThatPassesItsTest) {
  if (!opencl::Device::open("")->other_bits().empty()) GTEST_SKIP() << "it does not";
  const Guarantees guarantees = guarantees_after_a_run();
  EXPECT_TRUE(guarantees.device_invariant);
  EXPECT_TRUE(guarantees.exceptions.empty());
}

TEST_F(OpenClGuarantees, DoNotHoldWithoutFma) {
  replace(&Api::clGetDeviceInfo, &without_fma);
  const Guarantees guarantees = guarantees_after_a_run();
  EXPECT_FALSE(guarantees.device_invariant);
  EXPECT_TRUE(guarantees.batch_invariant);
  ASSERT_EQ(guarantees.exceptions.size(), 1u);
  EXPECT_NE(guarantees.exceptions[0].find("it has no fused multiply-add"), std::string::npos);
  std::string descriptions;
  for (const DeviceInfo& device : devices()) descriptions += device.description;
  EXPECT_NE(descriptions.find("may give other bits: it has no fused"), std::string::npos);
}

TEST_F(OpenClGuarantees, DoNotHoldWhereDenormalsAreFlushed) {
  if (!opencl::Device::open("")->facts().is_cpu()) GTEST_SKIP() << "it may ignore the option";
  replace(&Api::clBuildProgram, &without_denormals);
  const OwnCache cache;
  const Guarantees guarantees = Session(small_mlp(), {.device = "opencl"}).guarantees();
  EXPECT_FALSE(guarantees.device_invariant);
  ASSERT_EQ(guarantees.exceptions.size(), 1u);
  EXPECT_NE(guarantees.exceptions[0].find("a * b + c ("), std::string::npos)
      << guarantees.exceptions[0];
}

TEST_F(OpenClGuarantees, AreNothingWithoutACompiler) {
  replace(&Api::clCreateProgramWithSource, &not_opencl);
  const OwnCache cache;
  const Model model = small_mlp();
  const std::string message = Attempt(model).go();
  EXPECT_NE(message.find("does not build"), std::string::npos) << message;
  EXPECT_NE(message.find("nonsense"), std::string::npos) << "no log: " << message;
}

TEST_F(OpenClDevice, IsFoundByNumberAndName) {
  const auto facts = opencl::Device::list().front();
  const auto first = opencl::Device::open("");
  EXPECT_EQ(opencl::Device::open("0"), first);
  EXPECT_EQ(opencl::Device::open(facts.name.substr(0, 4)), first);
  const std::string message = onnx::test::error_of([] { opencl::Device::open("no such thing"); });
  EXPECT_NE(message.find("'no such thing'; there are: opencl:0 ("), std::string::npos) << message;
}

// The host has no weights that the device has packed.
TEST_F(OpenClDevice, LeavesWindowsThatItsKernelsDoNotTakeToTheHost) {
  onnx::test::ModelWriter writer;
  auto graph = writer.graph();
  graph.input("x", {1, 4, 260, 260}).output("y");
  graph.floats("w", {4, 2, 260, 260}, some_floats(8 * 260 * 260, 3));
  onnx::test::set(graph.node("Conv", {"x", "w"}, {"y"}), "group", 2);
  const Model model = writer.parse();
  Attempt attempt(model);
  ASSERT_EQ(attempt.go(), "");
  EXPECT_EQ(attempt.output(), wanted_output(model));
  EXPECT_FALSE(attempt.session().placement().on_device());
}

TEST_F(OpenClDevice, RemarksOnNodesItHasNoKernelFor) {
  const Model model = partly_on_host();
  Attempt attempt(model);
  ASSERT_EQ(attempt.go(), "");
  ASSERT_EQ(attempt.go(), "");
  EXPECT_EQ(
      attempt.session().remarks(),
      std::vector<std::string>{"1 of 3 nodes run on the host, opencl has no kernel for: Det"});
  const Model all = small_mlp();
  Attempt other(all);
  ASSERT_EQ(other.go(), "");
  EXPECT_TRUE(other.session().remarks().empty());
}

}  // namespace
}  // namespace engine::test
