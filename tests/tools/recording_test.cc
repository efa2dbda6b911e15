// Old reports are read as hostile text, and held against new ones entry by entry.
#include "tools/bench/comparison.h"
#include "tools/bench/recording.h"

#include <engine/error.h>

#include <gtest/gtest.h>

namespace engine::tools {
namespace {

const std::string kHead = R"("device":"cpu:avx2","threads":2,"batch":8,"peak":{"flops":1e11})";
const std::string kModel = R"({"model":"m.onnx","rounds_ns":[10,11,12],)" + kHead +
                           R"(,"nodes":[{"name":"a","rounds_ns":[1]},{"name":"b","rounds_ns":[2]},
       {"name":"a","rounds_ns":[3]}]})";

std::string refusal(const std::string& text) {
  try {
    parse_recording(text, "old.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

void expect_refused(const std::string& text, const std::string& part) {
  const std::string message = refusal(text);
  EXPECT_NE(message.find("old.json: "), std::string::npos) << text;
  EXPECT_NE(message.find(part), std::string::npos) << text << "\n" << message;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  return at == std::string::npos ? "" : text.replace(at, from.size(), to);
}

TEST(Recording, OfAModel) {
  const Recording recording = parse_recording(kModel, "old.json");
  EXPECT_EQ(recording.subject, "m.onnx");
  EXPECT_EQ(recording.device, "cpu:avx2");
  EXPECT_EQ(recording.threads, 2);
  EXPECT_EQ(recording.batch, 8);
  EXPECT_EQ(recording.peak_flops, 1e11);
  ASSERT_EQ(recording.entries.size(), 4u);
  EXPECT_EQ(recording.entries[0].name, "whole run");
  EXPECT_EQ(recording.entries[0].rounds_ns, (std::vector<double>{10, 11, 12}));
  EXPECT_EQ(recording.entries[1].name, "a");
  EXPECT_EQ(recording.entries[3].name, "a #2");
}

TEST(Recording, OfKernels) {
  const Recording recording =
      parse_recording("{" + kHead + R"(,"kernels":[{"name":"Conv","rounds_ns":[5]}]})", "x");
  EXPECT_EQ(recording.subject, "kernels");
  ASSERT_EQ(recording.entries.size(), 1u);
  EXPECT_EQ(recording.entries[0].name, "Conv");
}

TEST(Recording, WhatIsNoReportIsRefused) {
  expect_refused("", "no JSON");
  expect_refused("{\"model\":", "no JSON");
  expect_refused("\xff\xfe\x01", "no JSON");
  expect_refused(std::string(100'000, '['), "no JSON");
  expect_refused(std::string(50'000, '[') + std::string(50'000, ']'), "no object");
  expect_refused("[]", "no object");
  expect_refused("null", "no object");
  expect_refused("{}", "no 'device'");
  expect_refused(replaced(kModel, "\"cpu:avx2\"", "[]"), "'device' of the report is no text");
  expect_refused(replaced(kModel, "\"batch\":8", "\"batch\":-8"), "'batch'");
  expect_refused(replaced(kModel, "\"batch\":8", "\"batch\":1.5"), "'batch'");
  expect_refused(replaced(kModel, "\"batch\":8", "\"batch\":1e300"), "'batch'");
  expect_refused(replaced(kModel, "\"threads\":2", "\"threads\":\"2\""), "'threads'");
  expect_refused(replaced(kModel, "{\"flops\":1e11}", "7"), "'peak' is no object");
  expect_refused(replaced(kModel, "1e11", "0"), "'flops'");
  expect_refused(replaced(kModel, "1e11", "1e999"), "no JSON");
  expect_refused(replaced(kModel, "[10,11,12]", "[]"), "'rounds_ns' of the report");
  expect_refused(replaced(kModel, "[10,11,12]", "[10,-1]"), "holds -1");
  expect_refused(replaced(kModel, "[10,11,12]", "[10,null]"), "holds null");
  expect_refused(replaced(kModel, "[10,11,12]", "[[10]]"), "holds a list");
  expect_refused(replaced(kModel, "\"name\":\"b\"", "\"name\":3"), "'name' of node 1");
  expect_refused(replaced(kModel, "\"rounds_ns\":[2]", "\"x\":[2]"), "node 1 has no 'rounds_ns'");
  expect_refused(replaced(kModel, "\"nodes\"", "\"edges\""), "no 'nodes'");
  expect_refused("{" + kHead + ",\"kernels\":{}}", "'kernels' of the report is no list");
}

Recording recorded(std::vector<RecordedEntry> entries) {
  return {"m", "cpu:avx2", 1, 1, 1e11, std::move(entries)};
}

TEST(Comparison, JudgesEntryByEntry) {
  const Recording before = recorded({{"a", std::vector<double>(9, 20)},
                                     {"b", std::vector<double>(9, 10)},
                                     {"c", std::vector<double>(9, 10)},
                                     {"old", {1}}});
  const Recording now = recorded({{"a", std::vector<double>(9, 10)},
                                  {"b", std::vector<double>(9, 20)},
                                  {"c", std::vector<double>(9, 10.05)},
                                  {"new", {1}}});
  const Comparison comparison = compare(before, now, 0.02);
  ASSERT_EQ(comparison.changes.size(), 3u);
  EXPECT_EQ(comparison.changes[0].verdict, Verdict::kFaster);
  EXPECT_DOUBLE_EQ(comparison.changes[0].speedup.value, 2);
  EXPECT_EQ(comparison.changes[1].verdict, Verdict::kSlower);
  EXPECT_EQ(comparison.changes[2].verdict, Verdict::kSame);
  EXPECT_EQ(comparison.added, std::vector<std::string>{"new"});
  EXPECT_EQ(comparison.gone, std::vector<std::string>{"old"});
  EXPECT_TRUE(comparison.remarks.empty());
  EXPECT_NEAR(mean_speedup(comparison), 1, 0.01);
  const std::string table = to_table(comparison, false);
  EXPECT_NE(table.find("1 faster, 1 slower, 1 the same"), std::string::npos) << table;
  EXPECT_EQ(to_json(comparison)["changes"][1]["verdict"], "slower");
}

TEST(Comparison, SaysWhatElseDiffers) {
  Recording before = recorded({}), now = before;
  now.device = "cpu:avx512";
  now.batch = 2;
  now.peak_flops = 0.8e11;
  const Comparison comparison = compare(before, now, 0);
  ASSERT_EQ(comparison.remarks.size(), 3u);
  EXPECT_NE(comparison.remarks[0].find("cpu:avx2 then, cpu:avx512 now"), std::string::npos);
  EXPECT_NE(comparison.remarks[2].find("-20%"), std::string::npos) << comparison.remarks[2];
  EXPECT_EQ(mean_speedup(comparison), 1);
}

}  // namespace
}  // namespace engine::tools
