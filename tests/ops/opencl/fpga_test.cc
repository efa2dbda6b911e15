// The kernels for boards, on the CPU's device: single work-items, one program, the bits of all
// others.
#include "loaders/onnx/model_builder.h"
#include "ops/opencl/device_bits.h"
#include "ops/opencl/faulty_api.h"
#include "ops/opencl/runtime/offline.h"
#include "support/model_case.h"

#include <filesystem>
#include <optional>
#include <set>

namespace engine::test {
namespace {

namespace fs = std::filesystem;
using opencl::ProgramFolder;
using opencl::Variant;

class Fpga : public testing::Test {
 protected:
  void SetUp() override {
    if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
    cache_.emplace();  // once the driver has found its own
    folder_ = cache_->path() + "/program";
    built_ = opencl::build_program("0", Variant::kFpga, folder_);
  }
  std::unique_ptr<ops::Backend> backend() const {
    return opencl::make_backend(opencl::Device::open("0", ProgramFolder(folder_)),
                                cpu::make_backend(best_isa()));
  }
  std::optional<OwnCache> cache_;
  std::string folder_;
  opencl::OfflineProgram built_;
};

constexpr std::size_t kShards = 6;

class OpenClFpga : public Fpga, public testing::WithParamInterface<std::size_t> {};

// Every case of the table, parted for processes that run side by side.
TEST_P(OpenClFpga, Bits) {
  ASSERT_EQ(built_.other_bits, opencl::Device::open("0")->other_bits());
  const auto backend = this->backend();
  for (std::size_t i = GetParam(); i < bit_cases().size(); i += kShards) {
    SCOPED_TRACE(bit_cases()[i].name);
    for (const Index batch : {1, 5}) check_on_device(bit_cases()[i].make(batch), *backend);
    check_on_device(special_case(bit_cases()[i], 6), *backend);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, OpenClFpga, testing::Range<std::size_t>(0, kShards));

using OpenClFpgaProgram = Fpga;

TEST_F(OpenClFpgaProgram, HasItsMenuAndLeavesTheRestToTheHost) {
  const auto backend = this->backend();
  std::set<std::string, std::less<>> run, fallen;
  for (const BitCase& c : bit_cases()) {
    std::string kernel;
    run_backend(c.make(2), *backend, 1, &kernel);
    (kernel.ends_with("on the host") ? fallen : run).insert(c.name.substr(0, c.name.find(' ')));
  }
  for (const char* name : {"Conv", "Dense", "MatMul", "MaxPool", "AveragePool", "GlobalAveragePool",
                           "Relu", "Gelu", "Tanh", "Add", "Max", "PRelu"})
    EXPECT_TRUE(run.contains(name)) << name;
  for (const char* name : {"Softmax", "LSTM", "ReduceSum", "LayerNormalization"})
    EXPECT_TRUE(fallen.contains(name) && !run.contains(name)) << name;
}

TEST_F(OpenClFpgaProgram, IsTheTextForVendorsCompilers) {
  const std::string source = folder_ + "/source";
  const auto written = opencl::write_fpga_source(source);
  EXPECT_EQ(written.manifest.kernels, built_.manifest.kernels) << "names are not found in the text";
  EXPECT_EQ(written.manifest.source, built_.manifest.source);
  EXPECT_GT(fs::file_size(source + "/all.cl"), 10000u);
  EXPECT_THROW(opencl::Device::open("0", ProgramFolder(source)), Error) << "it has no binary";
  const auto wrapped = opencl::wrap_binary("0", folder_ + "/all.bin", source);
  EXPECT_EQ(wrapped.manifest.binary, built_.manifest.binary);
  EXPECT_EQ(opencl::Device::open("0", ProgramFolder(source)),
            opencl::Device::open("0", ProgramFolder(folder_)));
  EXPECT_THROW(opencl::wrap_binary("0", source + "/nothing", source), Error);
}

// A convolution whose weights are packed for the device cannot fall back.
TEST_F(OpenClFpgaProgram, IsRefusedWithoutOneOfItsKernels) {
  for (const std::string& kernel : built_.manifest.kernels) {
    opencl::Manifest manifest = built_.manifest;
    manifest.kernels.erase(kernel);
    opencl::write_program(folder_, manifest, "", "");
    const std::string message =
        onnx::test::error_of([&] { opencl::Device::open("0", ProgramFolder(folder_)); });
    EXPECT_NE(message.find("lacks the kernel '" + kernel), std::string::npos) << message;
  }
}

TEST_F(OpenClFpgaProgram, GivesTheBitsOfModelsWithoutACompiler) {
  const FaultyApi api;
  for (const char* name : {"jet_tagger", "top_tagger_resnet"}) {
    const ModelCase c = load_model_case(name, 3);
    const std::vector<Tensors> alone = run_alone(c, "cpu:scalar");
    const Session session(c.model, {.device = "opencl:0", .program = folder_});
    EXPECT_EQ(compare_batch(session.run(take_batch(c, 3, 0)), alone, 3, 0), "") << name;
    EXPECT_GT(session.placement().nodes, session.placement().on_host);
  }
  EXPECT_EQ(api.count("clCreateProgramWithSource"), 0);
}

}  // namespace
}  // namespace engine::test
