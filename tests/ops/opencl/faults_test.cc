// Every call of OpenCL fails once: a clear message, nothing lost, and the next try works.
#include "ops/opencl/faulty_api.h"
#include "ops/opencl/runtime/device.h"
#include "ops/opencl/runtime/offline.h"
#include "ops/opencl/small_models.h"

#include <gtest/gtest.h>

#include <set>

namespace engine::test {
namespace {

class OpenClFaults : public testing::Test {
 protected:
  void SetUp() override {
    if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  }

  // Call `k` fails; false if there are fewer calls.
  static bool try_fault(const Model& model, const std::vector<float>& wanted, FaultyApi& api, int k,
                        const std::string& program = "") {
    bool failed;
    {
      Attempt attempt(model, "opencl", program);
      api.fail_at(k, k % 2 ? CL_OUT_OF_HOST_MEMORY : CL_DEVICE_NOT_AVAILABLE);
      const std::string message = attempt.go();
      const std::vector<std::string> calls = api.calls();
      failed = static_cast<int>(calls.size()) > k;
      const std::string which = failed ? calls[static_cast<std::size_t>(k)] : "nothing";
      SCOPED_TRACE(which + " (call " + std::to_string(k) + "): " + message);
      if (!message.empty()) {
        EXPECT_TRUE(failed);
        // A build has a text of its own; while it runs there is none but the driver's code.
        EXPECT_TRUE(message.find(which) != std::string::npos ||
                    message.find("does not build") != std::string::npos ||
                    message.find("the device failed (error -") != std::string::npos);
      }
      api.fail_at(-1);
      EXPECT_EQ(attempt.go(), "");
      if (!testing::Test::HasFailure()) {
        EXPECT_EQ(attempt.output(), wanted);
      }
    }
    EXPECT_EQ(api.live(), 0) << "behind call " << k;
    return failed;
  }

  static void try_all(const Model& model) {
    const OwnCache cache;
    FaultyApi api;
    const std::vector<float> wanted = wanted_output(model);
    EXPECT_FALSE(try_fault(model, wanted, api, 1 << 20));  // fills the cache
    for (int k = 0; try_fault(model, wanted, api, k); ++k)
      if (HasFailure()) return;
  }
};

TEST_F(OpenClFaults, OfAPerceptron) { try_all(small_mlp()); }
TEST_F(OpenClFaults, OfAConvolution) { try_all(small_conv()); }
TEST_F(OpenClFaults, OfNodesOnTheHost) { try_all(partly_on_host()); }

TEST_F(OpenClFaults, OfAProgramCompiledBeforehand) {
  const OwnCache cache;
  const std::string folder = cache.path() + "/program";
  opencl::build_program("", opencl::Variant::kFpga, folder);
  const Model model = small_mlp();
  const std::vector<float> wanted = wanted_output(model);
  FaultyApi api;
  for (int k = 0; try_fault(model, wanted, api, k, folder) && !HasFailure(); ++k) {
    EXPECT_EQ(api.count("clCreateProgramWithSource"), 0);
  }
}

TEST_F(OpenClFaults, WhereNothingIsCached) {
  const Model model = small_mlp();
  const std::vector<float> wanted = wanted_output(model);
  FaultyApi api;
  std::vector<std::string> calls;
  {
    const OwnCache cache;
    Attempt attempt(model);
    EXPECT_EQ(attempt.go(), "");
    calls = api.calls();
  }
  const std::set<std::string> chosen = {"clCreateProgramWithSource", "clBuildProgram",
                                        "clGetProgramInfo", "clEnqueueNDRangeKernel"};
  for (std::size_t k = 0; k < calls.size() && !HasFailure(); ++k) {
    const OwnCache cache;
    if (chosen.contains(calls[k])) try_fault(model, wanted, api, static_cast<int>(k));
  }
}

// What a kernel reports in a run that fails otherwise is not left for the next one.
TEST_F(OpenClFaults, OfRunsWithBadIndices) {
  const Model model = rows_of_a_table();
  FaultyApi api;
  const Session session(model, {.device = "opencl", .tuning = "off"});
  BoundCall call = session.bind({{"rows", Shape{3}}});
  const auto rows = call.input<std::int64_t>("rows");
  bool failed = true;
  for (int k = 0; failed; ++k) {
    rows[1] = 7;
    api.fail_at(k);
    const Status bad = call.run();
    failed = std::ssize(api.calls()) > k;
    EXPECT_EQ(bad.fault, failed ? Status::Fault::kDevice : Status::Fault::kIndexOutOfRange);
    rows[1] = 2;
    api.fail_at(-1);
    const Status good = call.run();
    EXPECT_TRUE(good.ok()) << "behind call " << k << ": " << call.message(good);
  }
}

// The spare device repeats what the device fails, with its bits, and the session goes on.
TEST_F(OpenClFaults, WithASpareDevice) {
  const OwnCache cache;
  FaultyApi api;
  for (const Model& model : {small_mlp(), partly_on_host()}) {
    const TensorInfo& info = model.inputs()[0];
    Shape shape;
    for (const Dimension& dim : info.shape) shape.push_back(dim.size);
    const Tensors inputs = {{info.name, random(DType::kFloat32, shape, 9)}};
    const Tensors wanted = Session(model, {.device = "cpu"}).run(inputs);
    const Session session(model, {.device = "opencl", .tuning = "off", .spare = "cpu"});
    const auto expect_wanted = [&](const Tensors& outputs) {
      EXPECT_EQ(compare_bits(outputs.begin()->second, wanted.begin()->second), "");
    };
    expect_wanted(session.run(inputs));
    const auto is_told = [&] {
      return std::ranges::any_of(session.remarks(), [](const std::string& remark) {
        return remark.starts_with("what opencl:");
      });
    };
    EXPECT_FALSE(is_told());
    for (int k = 0, calls = 1; k < calls && !HasFailure(); ++k) {
      SCOPED_TRACE(k);
      api.fail_at(k);
      expect_wanted(session.run(inputs));
      calls = static_cast<int>(api.calls().size());
      api.fail_at(k);
      expect_wanted(session.submit(inputs).get());
      api.fail_at(-1);
    }
    expect_wanted(session.run(inputs));
    EXPECT_TRUE(is_told());
  }
}

TEST_F(OpenClFaults, SpareDevicesMustBeOthers) {
  const Model model = small_mlp();
  EXPECT_THROW(Session(model, {.device = "cpu", .spare = "cpu"}), Error);
  EXPECT_THROW(Session(model, {.device = "cpu", .spare = "abacus"}), Error);
}

// A node on the host does not run on what the kernel before it has left undone.
TEST_F(OpenClFaults, OfKernelsBeforeNodesOnTheHost) {
  onnx::test::ModelWriter writer;
  auto graph = writer.graph();
  graph.input("rows", {3}, onnx::pb::TensorProto::INT64).output("y");
  graph.floats("table", {4, 2, 2}, some_floats(16, 4));
  graph.node("Gather", {"table", "rows"}, {"g"});
  graph.node("Det", {"g"}, {"d"});
  graph.node("Tanh", {"d"}, {"y"});
  const Model model = writer.parse();
  const Session session(model, {.device = "opencl", .tuning = "off"});
  BoundCall call = session.bind({{"rows", Shape{3}}});
  const auto rows = call.input<std::int64_t>("rows");
  rows[1] = 7;
  const Status bad = call.run();
  EXPECT_EQ(bad.fault, Status::Fault::kIndexOutOfRange);
  EXPECT_EQ(bad.a, 7);
  EXPECT_NE(call.message(bad).find("Gather"), std::string::npos) << call.message(bad);
  rows[1] = 2;
  EXPECT_TRUE(call.run().ok());
}

TEST_F(OpenClFaults, OfProfiledRuns) {
  const Model model = small_mlp();
  FaultyApi api;
  {
    Attempt attempt(model);
    ASSERT_EQ(attempt.go(), "");
    const TensorInfo& info = model.inputs()[0];
    BoundCall call = attempt.session().bind({{info.name, Shape{4, 6}}});
    for (int k = 0, calls = 1; k < calls; ++k) {
      Profile profile;
      api.fail_at(k);
      try {
        const Status status = call.run(profile);
        EXPECT_FALSE(status.ok()) << "call " << k;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kDeviceFailed);
      }
      calls = static_cast<int>(api.calls().size());
      api.fail_at(-1);
      EXPECT_TRUE(call.run(profile).ok());
      calls = std::max(calls, static_cast<int>(api.calls().size()));
    }
  }
  EXPECT_EQ(api.live(), 0);
}

}  // namespace
}  // namespace engine::test
