// Programs that were compiled beforehand: the same bits, nothing compiled, and no damage that a
// driver sees.
#include "ops/opencl/runtime/program_folder.h"

#include "ops/opencl/faulty_api.h"
#include "ops/opencl/runtime/checksum.h"
#include "ops/opencl/runtime/device.h"
#include "ops/opencl/runtime/offline.h"
#include "ops/opencl/small_models.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

namespace engine::test {
namespace {

namespace fs = std::filesystem;
using onnx::test::error_of;
using opencl::Manifest;
using opencl::ProgramFolder;
using opencl::Variant;

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

Manifest some_manifest() {
  Manifest manifest;
  manifest.platform = "platform";
  manifest.device = "a \"board\" \\ with quotes";
  manifest.version = "OpenCL 1.2";
  manifest.driver = "7";
  manifest.options = "-w";
  manifest.source = "0123456789abcdef";
  manifest.binary = "fedcba9876543210";
  manifest.bytes = 12;
  manifest.kernels = {"conv_7x4", "conv_14x2", "source_0123456789abcdef", "unary_x"};
  return manifest;
}

TEST(Manifest, IsReadAsItWasWritten) {
  const std::string text = opencl::manifest_text(some_manifest());
  const Manifest read = opencl::parse_manifest(text);
  EXPECT_EQ(opencl::manifest_text(read), text);
  EXPECT_EQ(read.kernels, some_manifest().kernels);
  EXPECT_EQ(read.device, some_manifest().device);
  EXPECT_NE(text.find(R"("tiles": {"conv": ["14x2", "7x4"]})"), std::string::npos) << text;
}

TEST(Manifest, OfAnyLengthAndWithAnyByteIsReadOrRefused) {
  const std::string text = opencl::manifest_text(some_manifest());
  for (std::size_t i = 0; i + 2 < text.size(); ++i)
    EXPECT_THROW(opencl::parse_manifest(text.substr(0, i)), Error) << i;
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const char c : {'\0', '"', '{', ']', '9', '\\', '\xff'}) {
      std::string bad = text;
      bad[i] = c;
      try {
        const Manifest manifest = opencl::parse_manifest(bad);
        EXPECT_FALSE(manifest.kernels.empty());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      }
    }
}

TEST(Manifest, DoesNotHoldWhatDoesNotAddUp) {
  const std::string text = opencl::manifest_text(some_manifest());
  const auto expect_refused = [&](const std::string& from, const std::string& to,
                                  const std::string& why) {
    std::string bad = text;
    ASSERT_NE(bad.find(from), std::string::npos) << from;
    bad.replace(bad.find(from), from.size(), to);
    const std::string message = error_of([&] { opencl::parse_manifest(bad); });
    EXPECT_NE(message.find(why), std::string::npos) << to << ": " << message;
  };
  expect_refused("program 1", "program 2", "its format is 'engine opencl program 2', not");
  expect_refused("\"standard\"", "\"other\"", "line 3: 'other' is no variant");
  expect_refused("\"bytes\": 12", "\"bytes\": -1", "-1 is no size");
  expect_refused("\"bytes\": 12", "\"bytes\": 1073741825", "is no size");
  expect_refused("0123456789abcdef\"", "0123\"", "'0123' is no checksum");
  expect_refused("\"14x2\", ", "", "its tiles or element types");
  expect_refused("\"int8\", ", "", "its tiles or element types");
  expect_refused("unary_x", "../unary", "'../unary' is no name of a kernel");
  expect_refused("\"driver\"", "\"river\"", "there is no member 'river'");
  std::string deep(100000, '[');
  EXPECT_THROW(opencl::parse_manifest("{\"kernels\": " + deep), Error);
}

TEST(ProgramFolder, IsNotThere) {
  EXPECT_NE(error_of([] { ProgramFolder("/nonexistent"); }).find("there is no OpenCL program in"),
            std::string::npos);
  const std::string message =
      error_of([] { Session(small_mlp(), {.device = "cpu", .program = "/nonexistent"}); });
  EXPECT_NE(message.find("device 'cpu' takes no program"), std::string::npos) << message;
}

class OpenClProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
    cache_.emplace();  // once the driver has found its own
    folder_ = cache_->path() + "/program";
  }
  static std::string run(const Model& model, const std::string& folder) {
    Attempt attempt(model, "opencl", folder);
    const std::string message = attempt.go();
    if (message.empty()) {
      EXPECT_EQ(attempt.output(), wanted_output(model));
    }
    return message;
  }
  void expect_refused(const std::string& why) const {
    const std::string message = run(small_mlp(), folder_);
    EXPECT_NE(message.find(why), std::string::npos) << why << ": " << message;
    EXPECT_NE(message.find("engine opencl-build"), std::string::npos) << "what to do? " << message;
  }
  // Of a folder whose manifest another hand has changed.
  void expect_refused_with(const std::function<void(Manifest&)>& change,
                           const std::string& why) const {
    const std::string good = bytes_of(folder_ + "/manifest.json");
    Manifest manifest = opencl::parse_manifest(good);
    change(manifest);
    write(folder_ + "/manifest.json", opencl::manifest_text(manifest));
    expect_refused(why);
    write(folder_ + "/manifest.json", good);
  }
  void expect_refused_with_binary(const std::string& bytes) const {
    write(folder_ + "/all.bin", bytes);
    expect_refused("is damaged (all.bin has ");
  }
  // Before a driver sees a byte.
  void expect_no_damage_gets_through() const {
    const FaultyApi api;
    expect_refused_with([](Manifest& m) { m.device = "another"; },
                        "is for another device (it is for 'another', here is '");
    expect_refused_with([](Manifest& m) { m.driver += "x"; }, "is for another driver (");
    expect_refused_with([](Manifest& m) { m.platform = ""; }, "is for another platform (");
    expect_refused_with([](Manifest& m) { m.options += " -cl-fast-relaxed-math"; },
                        "is for another compiler options");
    expect_refused_with([](Manifest& m) { m.source[3] = m.source[3] == '0' ? '1' : '0'; },
                        "for another source of the kernels");
    expect_refused_with([](Manifest& m) { m.kernels = {"dense_7x4"}; },
                        "lacks the kernel 'source_");
    expect_refused_with([](Manifest& m) { m.binary.clear(); }, "no compiler has seen yet");
    const std::string good = bytes_of(folder_ + "/all.bin");
    for (const std::size_t at : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 4);
      expect_refused_with_binary(bad);
    }
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, good.size() - 1})
      expect_refused_with_binary(good.substr(0, bytes));
    write(folder_ + "/all.bin", good + "x");
    expect_refused("all.bin: it has more than ");
    fs::remove(folder_ + "/all.bin");
    expect_refused("all.bin: it is no regular file");
    write(folder_ + "/all.bin", good);
    EXPECT_EQ(api.count("clCreateProgramWithBinary"), 0);
    EXPECT_EQ(api.count("clCreateProgramWithSource"), 0);
  }
  // What only shows once the driver has the binary.
  void expect_no_kernel_is_missed() const {
    expect_refused_with([](Manifest& m) { m.kernels.insert("dance_9x9"); },
                        "lacks the kernel 'dance_9x9'");
    expect_refused_with([](Manifest& m) { m.kernels.erase("self_test"); },
                        "has no kernel 'self_test'");
    const auto erase_dense = [](Manifest& m) {
      std::erase_if(m.kernels, [](const std::string& name) { return name.starts_with("dense_"); });
    };
    expect_refused_with(erase_dense, "has no kernel 'dense_");
  }
  std::optional<OwnCache> cache_;
  std::string folder_;
};

// One test, since each process compiles all kernels anew.
TEST_F(OpenClProgram, GivesTheSameBitsOrIsRefused) {
  const auto built = opencl::build_program("", Variant::kStandard, folder_);
  EXPECT_EQ(built.other_bits, opencl::Device::open("")->other_bits());
  EXPECT_GT(built.manifest.kernels.size(), 100u);
  for (const char* family : {"conv", "dense", "matmul", "products"})
    EXPECT_TRUE(opencl::tiles_of(built.manifest.kernels).contains(family)) << family;

  const OwnCache empty;
  for (const Model& model : {small_mlp(), small_conv(), partly_on_host()}) {
    const FaultyApi api;
    EXPECT_EQ(run(model, folder_), "");
    EXPECT_EQ(api.count("clCreateProgramWithSource"), 0);
    EXPECT_EQ(api.count("clCreateProgramWithBinary"), 1);
    EXPECT_TRUE(empty.files().empty()) << "something was cached";
  }
  expect_no_damage_gets_through();
  expect_no_kernel_is_missed();
  // A device that compiles is another one.
  const auto with = opencl::Device::open("", ProgramFolder(folder_));
  EXPECT_EQ(with, opencl::Device::open("0", ProgramFolder(folder_)));
  EXPECT_NE(with, opencl::Device::open(""));
}

}  // namespace
}  // namespace engine::test
