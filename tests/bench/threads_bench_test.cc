// The benchmark of threads measures what it says and reports it so that it can be read.
#include "tests/support/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace engine::bench {
namespace {

const std::string kProgram = "engine_bench_threads ";
const std::string kQuickly = kProgram + "$MODELS/jet_tagger.onnx --seconds 0.01 --rounds 2 ";

TEST(ThreadsBench, ReportsAsJson) {
  const tools::Outcome outcome = tools::shell(kQuickly + "--threads 3 --json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(json["host_threads"].size(), 3u);
  EXPECT_EQ(json["host_threads"][0]["efficiency"]["value"], 1.0);
  EXPECT_EQ(json["host_threads"][2]["threads"], 3);
  ASSERT_EQ(json["session_threads"].size(), 3u);
  EXPECT_EQ(json["session_threads"][0]["speedup"]["value"], 1.0);
  EXPECT_EQ(json["pool"].size(), 12u);  // pools of 2 and 3, three pauses, two kinds of task
  for (const auto& loop : json["pool"]) EXPECT_GT(loop["median_ns"], 0.0);
}

TEST(ThreadsBench, PrintsTables) {
  const tools::Outcome outcome = tools::shell(kQuickly + "--threads 2 --batch 3");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* title : {"host threads", "all meet", "session threads", "efficiency"})
    EXPECT_NE(outcome.out.find(title), std::string::npos) << outcome.out;
  EXPECT_EQ(tools::shell(kQuickly + "--threads 1").code, 0);
  EXPECT_NE(tools::shell(kProgram + "--help").out.find("Example:\n"), std::string::npos);
}

TEST(ThreadsBench, RefusesBadInput) {
  EXPECT_EQ(tools::shell(kProgram).code, 2);
  EXPECT_EQ(tools::shell(kProgram + "none.onnx").code, 2);
  for (const char* bad : {"--threads 0", "--threads 257", "--rounds 0", "--seconds nan",
                          "--device gpu", "--batch 0", "--unknown"})
    EXPECT_EQ(tools::shell(kQuickly + bad).code, 2) << bad;
}

}  // namespace
}  // namespace engine::bench
