// The command on machines with and without OpenCL.
#include "support/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

// One test, since the boards' kernels are compiled once for it.
TEST(OpenClBuild, MakesAProgramThatOtherCommandsTake) {
  if (!has_device()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const std::string build = "engine opencl-build --variant fpga --output program";
  const Outcome built = shell(build + " --json");
  ASSERT_EQ(built.code, 0) << built.err;
  const auto report = nlohmann::json::parse(built.out);
  for (const char* key : {"folder", "variant", "device", "platform", "driver", "source", "binary",
                          "bytes", "kernels", "tiles", "other_bits"})
    EXPECT_TRUE(report.contains(key)) << key;
  EXPECT_EQ(report["variant"], "fpga");
  EXPECT_EQ(report["tiles"]["conv"][0], "8x1");
  EXPECT_EQ(shell("ls program").out, "all.bin\nmanifest.json\n");

  const std::string with = " --program program", model = "$MODELS/jet_tagger.onnx --random";
  EXPECT_EQ(shell("export XDG_CACHE_HOME=$PWD/own; " + kRun + with + " > offline && engine run " +
                  model + " > on_cpu && cmp offline on_cpu && ! [ -e own/engine ]")
                .code,
            0);
  for (const std::string& line :
       {"engine compare " + model + " --a cpu --b opencl --rtol 0 --atol 0" + with,
        "engine bench $MODELS/jet_tagger.onnx --seconds 0.05 --device opencl" + with})
    EXPECT_EQ(shell(line).code, 0) << line;
  EXPECT_EQ(shell(build).code, 0) << "over what is there";
  expect_refused("engine run " + model + with, "device 'cpu' takes no program");
  expect_refused(kRun + " --program .", "there is no OpenCL program in '.' (manifest.json: ");
  expect_refused("rm program/all.bin; " + kRun + with,
                 "cannot be read (all.bin: it is no regular file)");
}

TEST(OpenClBuild, WritesTheTextForAVendorsCompilerWithoutADevice) {
  const std::string source = "engine opencl-build --variant fpga --source-only --output board";
  const Outcome outcome = shell("OCL_ICD_VENDORS=/nonexistent " + source +
                                " && grep -c ^ITEM_KERNEL board/all.cl && ls board");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.ends_with("all.cl\nmanifest.json\n")) << outcome.out;
  EXPECT_EQ(outcome.out.find("#include"), std::string::npos);
  if (!has_device()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  expect_refused(source + " > text; " + kRun + " --program board",
                 "is a source that no compiler has seen yet");
}

TEST(OpenClBuild, RefusesWhatItCannotMake) {
  const std::string build = "engine opencl-build --output program";
  expect_refused("engine opencl-build", "--output is required");
  expect_refused(build + " --variant other", "--variant");
  expect_refused(build + " --device cpu", "device 'cpu' is no OpenCL device; there are: ");
  expect_refused(build + " --source-only", "add --variant fpga");
  expect_refused(build + " --binary x", "add --variant fpga");
  expect_refused(build + " --variant fpga --binary x --source-only", "not both");
  expect_refused("touch file; engine opencl-build --variant fpga --source-only --output file/x",
                 "cannot make the folder 'file/x'");
  if (!has_device()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  expect_refused(build + " --variant fpga --binary none", "there is no binary in 'none'");
  expect_refused(build + " --device opencl:nothing", "there is no OpenCL device 'nothing'");
}

}  // namespace
}  // namespace engine::tools
