// The promise on OpenCL: every case of the table, bit for bit against the contract's scalar text.
#include "base/text.h"
#include "ops/opencl/device_bits.h"

#include <set>

namespace engine::test {
namespace {

// The first device that keeps the contract, or null. ENGINE_TEST_OPENCL=any takes the first of all:
// Oclgrind's keeps it and does not say so (scripts/check-opencl).
const ops::Backend* backend() {
  static const ops::Backend* found = []() -> const ops::Backend* {
    const char* wanted = std::getenv("ENGINE_TEST_OPENCL");
    const bool any = wanted && std::string_view(wanted) == "any";
    const auto devices = opencl::Device::list();
    for (std::size_t i = 0; i < devices.size(); ++i)
      if (any || devices[i].missing().empty())
        return opencl::make_backend(opencl::Device::open(std::to_string(i)),
                                    cpu::make_backend(best_isa()))
            .release();  // when the program ends, the driver may be gone first
    return nullptr;
  }();
  return found;
}

class OpenClBits : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!backend()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  }
  const BitCase& c() const { return bit_cases()[GetParam()]; }
};

void check_on_device(const OperatorCase& c) { check_on_device(c, *backend()); }

// One test, since each process loads the driver anew.
TEST_P(OpenClBits, BatchesAndSpecialValues) {
  for (const Index batch : {1, 3, 33}) check_on_device(c().make(batch));
  for (const int rarity : {6, 300}) check_on_device(special_case(c(), rarity));
}

// What the table has, and the device has kernels for; but for forms that none of them takes.
TEST(OpenClBitsTable, RunsOnTheDevice) {
  if (!backend()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  std::set<std::string> fallen, run;
  for (const BitCase& c : bit_cases()) {
    std::string kernel;
    run_backend(c.make(2), *backend(), 1, &kernel);
    (kernel.ends_with("on the host") ? fallen : run).insert(c.name.substr(0, c.name.find(' ')));
  }
  for (const char* name : {"Conv",
                           "Dense",
                           "MatMul",
                           "Softmax",
                           "LayerNormalization",
                           "RMSNormalization",
                           "BatchNormalization",
                           "ReduceSum",
                           "ReduceMean",
                           "ReduceMax",
                           "ReduceLogSumExp",
                           "MaxPool",
                           "AveragePool",
                           "RNN",
                           "GRU",
                           "LSTM",
                           "Relu",
                           "Gelu",
                           "Add",
                           "Max"})
    EXPECT_TRUE(run.contains(name)) << name;
  for (const char* known :
       {"Conv", "ConvTranspose", "Einsum", "Gemm", "MatMul", "GroupNormalization",
        "InstanceNormalization", "Pow", "Sin", "Cos", "Atan", "Round", "Sign"})
    fallen.erase(known);
  for (const std::string& name : fallen) ADD_FAILURE() << name << " falls back to the host";
}

// What moves or picks by indices, and has no case in the table.
TEST(OpenClBitsTable, Indexing) {
  if (!backend()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  const Tensor x = random_special({3, 5, 21}, 1, 6);
  const auto check = [&](const char* name, ops::Attributes a, std::vector<Tensor> in,
                         std::vector<bool> outputs = {true}) {
    OperatorCase c;
    c.name = name;
    c.op = make_operator("", name, a);
    c.inputs = std::move(in);
    c.outputs = std::move(outputs);
    std::string kernel;
    run_backend(c, *backend(), 1, &kernel);
    EXPECT_FALSE(kernel.ends_with("on the host")) << kernel;
    check_on_device(c);
  };
  const Tensor indices = Tensor::of<Index>({2, 2}, {4, -5, 0, -1});
  check("Gather", attributes({{"axis", Index{1}}}), {x, indices});
  check("Gather", attributes({{"axis", Index{2}}}), {x, indices});
  const Tensor tuples = Tensor::of<Index>({4, 2}, {2, 4, -3, 1, 0, 1, 2, -1});
  check("GatherND", {}, {x, tuples});
  check("GatherND", attributes({{"batch_dims", Index{1}}}),
        {x, Tensor::of<Index>({3, 2, 1}, {4, 0, 1, -2, 3, 3})});
  for (const char* reduction : {"none", "add", "mul", "max", "min"})
    check("ScatterND", attributes({{"reduction", std::string(reduction)}}),
          {x, tuples, random_special({4, 21}, 2, 6)});
  for (const Index axis : {1, 2})
    for (const bool largest : {false, true})
      check("TopK", attributes({{"axis", axis}, {"largest", Index{largest}}}),
            {x, Tensor::of<Index>({1}, {4})}, {true, true});
}

std::string test_name(const testing::TestParamInfo<std::size_t>& info) {
  std::string name;
  for (const char letter : bit_cases()[info.param].name)
    name += std::isalnum(static_cast<unsigned char>(letter)) ? letter : '_';
  return concat(name, "_", info.index);
}

INSTANTIATE_TEST_SUITE_P(Table, OpenClBits, testing::Range<std::size_t>(0, bit_cases().size()),
                         test_name);

}  // namespace
}  // namespace engine::test
