// The command on machines with and without OpenCL.
#include "support/command.h"

#include <gtest/gtest.h>

namespace engine::tools {
namespace {

const std::string kRun = "engine run $MODELS/jet_tagger.onnx --random --device opencl";

void expect_refused(const std::string& line, const std::string& text) {
  const Outcome outcome = shell(line);
  EXPECT_EQ(outcome.code, 2) << line;
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find(text), std::string::npos) << line << "\n" << outcome.err;
}

bool has_device() { return shell(kRun).code == 0; }

TEST(OpenClCommand, SaysThatThereIsNoLoader) {
  shell("mkdir -p broken && echo nothing > broken/libOpenCL.so.1");
  expect_refused("LD_LIBRARY_PATH=broken " + kRun, "there is no OpenCL on this machine");
  shell("mkdir -p old && ln -sf " ENGINE_BINARY_DIR "/src/libengine.so old/libOpenCL.so.1");
  expect_refused("LD_LIBRARY_PATH=old " + kRun, "OpenCL 1.2 is needed");
  const Outcome devices = shell("LD_LIBRARY_PATH=broken engine devices");
  EXPECT_EQ(devices.code, 0);
  EXPECT_EQ(devices.out.find("opencl:"), std::string::npos);
}

TEST(OpenClCommand, SaysThatThereIsNoDevice) {
  if (!has_device()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  expect_refused("OCL_ICD_VENDORS=/nonexistent " + kRun, "no driver offers one");
  expect_refused(kRun + ":nothing", "there is no OpenCL device 'nothing'; there are: opencl:0 (");
}

TEST(OpenClCommand, SharesItsCacheBetweenProcesses) {
  if (!has_device()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const Outcome outcome = shell("export XDG_CACHE_HOME=$PWD/cache; for i in 1 2 3; do " + kRun +
                                " > $i & done; wait; cmp 1 2 && cmp 1 3 && " + kRun +
                                " > 4 && cmp 1 4 && ls cache/engine/opencl");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find(".bin\n"), std::string::npos);
  EXPECT_EQ(outcome.out.find(".bin."), std::string::npos) << "files are left over: " << outcome.out;
}

}  // namespace
}  // namespace engine::tools
