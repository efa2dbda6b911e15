// The kernel benchmark: its cases are what they say, and its report can be read back.
#include "bench/kernels/kernel_bench.h"

#include "bench/kernels/layer_cases.h"
#include "tests/support/command.h"
#include "tools/bench/recording.h"

#include <engine/error.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace engine::bench {
namespace {

const std::string kProgram = "engine_bench_kernels ";

KernelOptions quick(const std::string& filter) {
  KernelOptions options;
  options.filter = filter;
  options.rounds = 2;
  options.seconds = 0.002;
  return options;
}

TEST(KernelBench, NamesOfCasesDiffer) {
  std::set<std::string> names;
  for (const LayerCase& c : layer_cases())
    EXPECT_TRUE(names.insert(c.layer.name).second) << c.layer.name;
  for (const test::BitCase& c : test::bit_cases())
    EXPECT_TRUE(names.insert(c.name).second) << c.name;
}

TEST(KernelBench, EveryLayerHasShapesAndWork) {
  for (const LayerCase& c : layer_cases()) {
    const test::OperatorCase made = c.layer.make(c.batch);
    EXPECT_EQ(made.name, c.layer.name);
    EXPECT_GT(least_bytes(made), 0) << made.name;
  }
}

TEST(KernelBench, BytesAreThoseThatMustMove) {
  const auto bytes_of = [](const std::string& name) {
    for (const LayerCase& c : layer_cases())
      if (c.layer.name == name) return least_bytes(c.layer.make(c.batch));
    ADD_FAILURE() << name;
    return Index{0};
  };
  EXPECT_EQ(bytes_of("Dense+Relu 16 to 64"), 4 * (16 + 16 * 64 + 64 + 64));
  EXPECT_EQ(bytes_of("Dense+Relu 16 to 64, 1000 rows"), 4 * (16'000 + 16 * 64 + 64 + 64'000));
  EXPECT_EQ(bytes_of("ResNet-50 1x1 64 to 64 of 56"), 4 * (2 * 64 * 56 * 56 + 64 * 64 + 64));
  EXPECT_EQ(bytes_of("Gather 1000 rows of 10000 x 64"), 2 * 4 * 64'000 + 8 * 1000);
}

TEST(KernelBench, MeasuresBothLayouts) {
  const KernelOptions options = quick("^Conv 1x1$|^Dense.* 16 to 64 .plain");
  const KernelReport report = measure_kernels(choose_cases(options), options);
  ASSERT_EQ(report.kernels.size(), 4u);  // a dense layer of each table
  EXPECT_EQ(report.kernels[0].name, "Dense+Relu 16 to 64 [plain]");
  EXPECT_EQ(report.kernels[1].name, "Conv 1x1 [plain]");
  EXPECT_EQ(report.kernels[2].name, "Conv 1x1 [blocked]");
  for (const tools::NodeCost& kernel : report.kernels) {
    EXPECT_EQ(kernel.rounds_ns.size(), 2u);
    EXPECT_GT(kernel.median_ns, 0);
    EXPECT_GT(kernel.flops, 0);
    EXPECT_GT(kernel.floor_ns, 0);
    EXPECT_GT(kernel.roofline, 0);
  }
}

TEST(KernelBench, FiltersAreHostile) {
  EXPECT_THROW(choose_cases(quick("(")), Error);
  EXPECT_THROW(choose_cases(quick("no such case")), Error);
  EXPECT_THROW(choose_cases(quick(std::string(100'000, '('))), Error);
  EXPECT_GT(choose_cases(quick("")).size(), 300u);
}

TEST(KernelBench, BatchOfOnesOwnTakesEachLayerOnce) {
  KernelOptions options = quick("^Dense.Relu 16 to 64");
  options.table = "layers";
  EXPECT_EQ(choose_cases(options).size(), 2u);
  options.batch = 7;
  const auto chosen = choose_cases(options);
  ASSERT_EQ(chosen.size(), 1u);
  EXPECT_EQ(chosen[0].made_by.make(chosen[0].batch).inputs[0].shape()[0], 7);
}

TEST(KernelBench, ProgramWritesComparesAndDraws) {
  const std::string quickly = kProgram + "--filter '^Conv 1x1' --seconds 0.002 --rounds 2 ";
  const tools::Outcome first = tools::shell(quickly + "--json old.json");
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_NE(first.out.find("Conv 1x1 [plain]"), std::string::npos) << first.out;
  const tools::Outcome second =
      tools::shell(quickly + "--json - --compare old.json --html kernels.html");
  ASSERT_EQ(second.code, 0) << second.err;
  const auto json = nlohmann::json::parse(second.out);
  EXPECT_EQ(json["comparison"]["changes"].size(), json["kernels"].size());
  EXPECT_EQ(tools::parse_recording(second.out, "it").subject, "kernels");
  EXPECT_EQ(tools::shell("head -c 9 kernels.html").out, "<!DOCTYPE");
  EXPECT_NE(tools::shell(kProgram + "--help").out.find("Example:\n"), std::string::npos);
  EXPECT_EQ(tools::shell(kProgram + "--list --table layers --filter GRU").code, 0);
  for (const char* bad : {"--filter '('", "--filter nothing-like-it", "--table x", "--layout x",
                          "--rounds 0", "--device gpu", "--compare none.json", "--batch 0"})
    EXPECT_EQ(tools::shell(kProgram + bad).code, 2) << bad;
}

}  // namespace
}  // namespace engine::bench
