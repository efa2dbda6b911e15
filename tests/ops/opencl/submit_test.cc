// Submitted runs on a device: no thread waits for them, each is answered once, whatever fails.
#include "ops/opencl/faulty_api.h"
#include "ops/opencl/runtime/device.h"
#include "ops/opencl/small_models.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace engine::test {
namespace {

class OpenClSubmit : public testing::Test {
 protected:
  void SetUp() override {
    if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  }

  static Tensors inputs_of(unsigned seed) { return {{"x", random(DType::kFloat32, {4, 6}, seed)}}; }
  static std::vector<float> output_of(const Tensors& outputs) {
    const auto values = outputs.at("y").values<float>();
    return {values.begin(), values.end()};
  }
  static SessionOptions on(std::string device) {
    return {.device = std::move(device), .tuning = "off"};
  }
};

TEST_F(OpenClSubmit, NoThreadWaits) {
  const Model model = small_mlp();
  const Session cpu(model, on("cpu"));
  FaultyApi api;
  const Session session(model, on("opencl"));
  session.submit(inputs_of(0)).get();  // makes a plan and a context
  api.fail_at(-1);
  std::vector<std::future<Tensors>> answers;
  for (unsigned i = 0; i < 40; ++i) answers.push_back(session.submit(inputs_of(i)));
  for (unsigned i = 0; i < 40; ++i)
    EXPECT_EQ(output_of(answers[i].get()), output_of(cpu.run(inputs_of(i)))) << "run " << i;
  EXPECT_EQ(api.count("clSetEventCallback"), 40);
  EXPECT_LE(api.count("clFinish"), 1);  // a second context may have been made
}

TEST_F(OpenClSubmit, RunsThatNeedTheHost) {
  const Model model = partly_on_host();
  const Tensors inputs = {{"x", random(DType::kFloat32, {5, 2, 2}, 3)}};
  const Session session(model, on("opencl"));
  EXPECT_EQ(output_of(session.submit(inputs).get()),
            output_of(Session(model, on("cpu")).run(inputs)));
}

TEST_F(OpenClSubmit, EachIsAnsweredOnceWhicheverCallFails) {
  const Model model = small_mlp();
  const std::vector<float> wanted = output_of(Session(model, on("cpu")).run(inputs_of(1)));
  FaultyApi api;
  {
    const Session session(model, on("opencl"));
    session.submit(inputs_of(1)).get();
    bool failed = true;
    for (int k = 0; failed; ++k) {
      api.fail_at(k, CL_OUT_OF_RESOURCES);
      std::promise<std::string> answered;
      std::atomic<int> answers = 0;
      session.submit(inputs_of(1), [&](const Tensors&, const std::exception_ptr& error) {
        if (++answers > 1) return;
        try {
          if (error) std::rethrow_exception(error);
          answered.set_value("");
        } catch (const Error& e) {
          answered.set_value(e.what());
        }
      });
      const std::string message = answered.get_future().get();
      failed = std::ssize(api.calls()) > k;
      EXPECT_EQ(failed, !message.empty()) << "call " << k << ": " << message;
      api.fail_at(-1);
      EXPECT_EQ(output_of(session.submit(inputs_of(1)).get()), wanted) << "behind call " << k;
      EXPECT_EQ(answers, 1) << "call " << k;
    }
  }
  EXPECT_EQ(api.live(), 0);
}

TEST_F(OpenClSubmit, BadIndices) {
  const Session session(rows_of_a_table(), on("opencl"));
  const auto rows = [](std::int64_t last) {
    return Tensors{{"rows", Tensor::of<std::int64_t>({3}, {0, 1, last})}};
  };
  std::future<Tensors> bad = session.submit(rows(4)), good = session.submit(rows(3));
  EXPECT_THROW(bad.get(), Error);
  EXPECT_EQ(output_of(good.get()), output_of(session.run(rows(3))));
}

// The last owner goes in a callback, with other runs on the device and in the queue.
TEST_F(OpenClSubmit, ASessionMayGoInACallback) {
  auto session = std::make_unique<Session>(small_mlp(), on("opencl"));
  std::atomic<int> answers = 0;
  std::promise<void> last, submitted;
  for (int i = 0; i < 6; ++i)
    session->submit(inputs_of(1), [&, i](const Tensors&, const std::exception_ptr& error) {
      EXPECT_FALSE(error);
      if (i == 0) submitted.get_future().wait();
      if (i == 0) session.reset();
      if (++answers == 6) last.set_value();
    });
  submitted.set_value();
  last.get_future().wait();
}

}  // namespace
}  // namespace engine::test
