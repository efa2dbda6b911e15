// The command line as a contract: exit codes, messages, and the keys of its JSON.
#include "tests/support/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace engine::tools {
namespace {

using nlohmann::json;

const std::string kTagger = "$MODELS/jet_tagger.onnx";
const std::string kJets = "$MODELS/data/jets_features.npy";

json parsed(const std::string& line, int code = 0) {
  const Outcome outcome = shell(line);
  EXPECT_EQ(outcome.code, code) << line << "\n" << outcome.err;
  return json::parse(outcome.out, nullptr, false);
}

// Exit code 2, nothing on standard output, and one line that says what is wrong.
void expect_refused(const std::string& line, const std::string& part) {
  const Outcome outcome = shell(line);
  EXPECT_EQ(outcome.code, 2) << line;
  EXPECT_EQ(outcome.out, "") << line;
  EXPECT_TRUE(outcome.err.starts_with("engine: ")) << line << "\n" << outcome.err;
  EXPECT_NE(outcome.err.find(part), std::string::npos) << line << "\n" << outcome.err;
}

TEST(Command, EveryCommandHasHelpWithAnExample) {
  for (const std::string name : {"", "run", "inspect", "conformance", "compare", "bench", "tune",
                                 "opencl-build", "devices", "completion"}) {
    const Outcome outcome = shell("engine " + name + " --help");
    EXPECT_EQ(outcome.code, 0) << name;
    EXPECT_NE(outcome.out.find("Example:\n"), std::string::npos) << name;
  }
  EXPECT_EQ(shell("engine --version").code, 0);
}

TEST(Command, BadUsageIsTwo) {
  expect_refused("engine", "subcommand");
  expect_refused("engine frobnicate", "frobnicate");
  expect_refused("engine run", "MODEL");
  expect_refused("engine run " + kTagger + " --random --threads 0", "--threads");
  expect_refused("engine run " + kTagger + " --random --nonsense", "--nonsense");
  expect_refused("engine run " + kTagger + " --random --device gpu", "gpu");
  expect_refused("engine run " + kTagger + " --random --disable-pass nonsense", "nonsense");
}

TEST(Command, BadInputIsTwo) {
  expect_refused("engine run no_such.onnx --random", "no_such.onnx");
  expect_refused("engine inspect $MODELS/bad/truncated.onnx", "truncated.onnx");
  expect_refused("engine run " + kTagger, "jets");
  expect_refused("engine run " + kTagger + " --input jets=none.npy", "none.npy");
  expect_refused("engine run " + kTagger + " --input jest=" + kJets, "its inputs are 'jets'");
  expect_refused("echo no array > x.npy; engine run " + kTagger + " --input x.npy", "x.npy");
  expect_refused("engine run " + kTagger + " --input jets=$MODELS/data/jets_labels.npy", "jets");
  expect_refused("printf '1,2\\n3,x\\n' > x.csv; engine run " + kTagger + " --input x.csv",
                 "line 2, column 2");
  expect_refused("engine run " + kTagger + " --random=abc", "abc");
  expect_refused("engine run " + kTagger + " --random --dim M=3", "it has N");
  expect_refused("engine conformance no_such_folder", "no_such_folder");
  expect_refused("engine conformance $MODELS/data", "no test case");
}

TEST(Command, RunWritesFilesAndSummaries) {
  const Outcome summary = shell("engine run " + kTagger + " --input " + kJets);
  EXPECT_EQ(summary.code, 0) << summary.err;
  EXPECT_NE(summary.out.find("scores: float32 [4000, 5]"), std::string::npos) << summary.out;
  EXPECT_EQ(shell("engine run " + kTagger + " --input jets=" + kJets + " --output a").code, 0);
  EXPECT_EQ(
      shell("engine run " + kTagger + " --input jets=" + kJets + " --output b --batch 7").code, 0);
  EXPECT_EQ(shell("cmp a/scores.npy b/scores.npy").code, 0);
  const json run = parsed("engine run " + kTagger + " --random=5 --batch 3 --json");
  EXPECT_EQ(run["outputs"][0]["name"], "scores");
  EXPECT_EQ(run["outputs"][0]["shape"], json({3, 5}));
  EXPECT_EQ(run["outputs"][0]["values"].size(), 15u);
}

TEST(Command, RunTakesTextAndTensorFiles) {
  const std::string row =
      "printf 'pt,1\\n' > /dev/null; printf '%s\\n' 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 > "
      "r.csv; ";
  EXPECT_EQ(parsed(row + "engine run " + kTagger + " --input r.csv --json")["outputs"][0]["shape"],
            json({1, 5}));
  const std::string pb = "$MODELS/cases/jet_tagger/test_data_set_1/input_0.pb";
  EXPECT_EQ(
      parsed("engine run " + kTagger + " --input jets=" + pb + " --json")["outputs"][0]["shape"],
      json({1, 5}));
}

TEST(Command, InputsMayFollowOneOptionAndComeInAnyOrder) {
  const std::string set = "$MODELS/cases/lstm/test_data_set_0/";
  const auto names = parsed("engine inspect $MODELS/cases/lstm/model.onnx --json")["inputs"];
  ASSERT_EQ(names.size(), 2u);
  const std::string first = names[0]["name"].get<std::string>() + "=" + set + "input_0.pb ";
  const std::string second = names[1]["name"].get<std::string>() + "=" + set + "input_1.pb ";
  const json together =
      parsed("engine run $MODELS/cases/lstm/model.onnx --json --input " + first + second);
  EXPECT_EQ(together, parsed("engine run --input " + second + "--input " + first +
                             "$MODELS/cases/lstm/model.onnx --json"));
}

TEST(Command, InspectTellsAndDraws) {
  const json inspection = parsed("engine inspect " + kTagger + " --json --svg graph.svg");
  for (const char* key : {"inputs", "outputs", "operators", "parameters", "flops", "memory",
                          "passes", "unsupported", "metadata", "opsets"})
    EXPECT_TRUE(inspection.contains(key)) << key;
  EXPECT_EQ(inspection["parameters"], 4421);
  EXPECT_EQ(inspection["operators"]["Gemm"], 4);
  EXPECT_EQ(shell("head -c 5 graph.svg").out, "<svg ");
  const Outcome chain = shell("engine inspect $MODELS/bad/long_chain_20000.onnx --svg chain.svg");
  EXPECT_EQ(chain.code, 2);
  EXPECT_NE(chain.err.find("20000 nodes"), std::string::npos) << chain.err;
  const json unknown = parsed("engine inspect $MODELS/bad/two_unknown_ops.onnx --json");
  EXPECT_EQ(unknown["unsupported"].size(), 2u) << unknown.dump(2);
}

TEST(Command, ConformanceCountsAndExpects) {
  const std::string folder = "engine conformance $MODELS/cases/jet_tagger $MODELS/cases/gru --json";
  const json report = parsed(folder);
  EXPECT_EQ(report["totals"],
            json({{"passed", 2}, {"failed", 0}, {"errors", 0}, {"unsupported", 0}}));
  for (const char* key :
       {"name", "status", "operators", "max_abs", "max_rel", "max_ulp", "message"})
    EXPECT_TRUE(report["cases"][0].contains(key)) << key;
  EXPECT_EQ(parsed(folder + " --rtol 0 --atol 0", 1)["totals"]["passed"], 0);
  const std::string expect = "echo 'gru fail why' > known; ";
  EXPECT_EQ(parsed(expect + folder + " --expect known", 1)["unexpected"][0]["name"], "gru");
}

TEST(Command, ConformanceMeetsBrokenCases) {
  const std::string make =
      "mkdir -p c/good c/bad c/none; cp -r $MODELS/cases/jet_tagger/. c/good; "
      "cp $MODELS/bad/truncated.onnx c/bad/model.onnx; cp $MODELS/bad/two_unknown_ops.onnx "
      "c/none/model.onnx; ";
  const json report = parsed(make + "engine conformance c --json --jobs 2", 1);
  EXPECT_EQ(report["totals"],
            json({{"passed", 1}, {"failed", 0}, {"errors", 1}, {"unsupported", 1}}));
}

TEST(Command, CompareJudges) {
  const std::string compare = "engine compare " + kTagger + " --a cpu:scalar --b ";
  const json same = parsed(compare + "cpu --random --per-node --rtol 0 --atol 0 --json");
  EXPECT_TRUE(same["within"].get<bool>());
  EXPECT_EQ(same["outputs"][0]["difference"]["unequal_bits"], 0);
  EXPECT_FALSE(same["nodes"].empty());
  const Outcome other = shell(compare + "reference --input " + kJets +
                              " --rtol 0 --atol 0 --bisect --html report.html");
  EXPECT_EQ(other.code, 1) << other.err;
  EXPECT_NE(other.out.find("first node that differs"), std::string::npos) << other.out;
  EXPECT_EQ(shell("head -c 9 report.html").out, "<!DOCTYPE");
}

TEST(Command, BenchHasItsKeys) {
  const json bench = parsed("engine bench " + kTagger + " --seconds 0.1 --json --trace trace.json");
  for (const char* key :
       {"min_ns", "median_ns", "p99_ns", "throughput_per_s", "flops", "roofline_share", "device",
        "threads", "batch", "nodes", "peak", "rounds_ns"})
    EXPECT_TRUE(bench.contains(key)) << key;
  EXPECT_GT(bench["flops"], 0);
  EXPECT_EQ(bench["batch"], 1);
  EXPECT_TRUE(parsed("cat trace.json").contains("traceEvents"));
}

TEST(Command, BenchComparesWithAnOldRun) {
  const std::string bench = "engine bench " + kTagger + " --seconds 0.1 ";
  EXPECT_EQ(shell(bench + "--json > old.json").code, 0);
  const std::string peers =
      R"(echo '[{"model":"m","batch":1,"threads":1,"peer":"p","version":"1","ratio":2,"low":1,"high":3}]' > peers.json; )";
  const json report =
      parsed(peers + bench + "--json --compare old.json --html page.html --peers peers.json");
  EXPECT_EQ(report["comparison"]["source"], "old.json");
  EXPECT_EQ(report["comparison"]["changes"].size(), report["nodes"].size() + 1);
  EXPECT_TRUE(report["comparison"]["remarks"].is_array());
  EXPECT_EQ(shell("head -c 9 page.html").out, "<!DOCTYPE");
  const Outcome text = shell(bench + "--compare old.json --least 5");
  EXPECT_NE(text.out.find("0 faster, 0 slower"), std::string::npos) << text.out;
  expect_refused(bench + "--compare none.json", "none.json");
  expect_refused("echo '{}' > empty.json; " + bench + "--compare empty.json", "no 'device'");
  expect_refused(bench + "--html page.html --peers empty.json", "no list");
  expect_refused(bench + "--peers peers.json", "--html");
  expect_refused(bench + "--compare old.json --least nan", "--least");
}

TEST(Command, DevicesAreListed) {
  const json devices = parsed("engine devices --json");
  EXPECT_EQ(devices["devices"][0]["name"], "cpu");
  EXPECT_GT(devices["peak"]["flops"][0]["flops_1_thread"], 0);
}

TEST(Command, CompletionScriptsAreSyntacticallySound) {
  EXPECT_EQ(shell("engine completion bash > c.bash && bash -n c.bash").code, 0);
  EXPECT_NE(shell("engine completion zsh").out.find("#compdef engine"), std::string::npos);
  EXPECT_NE(shell("engine completion fish").out.find("complete -c engine"), std::string::npos);
  const std::string ask =
      "source c.bash; COMP_LINE='engine run --device cpu:av' COMP_POINT=26 COMP_CWORD=5; "
      "COMP_WORDS=(engine run --device cpu : av); _engine; echo \"${COMPREPLY[@]}\"";
  EXPECT_EQ(shell("bash -c \"" + std::string("source c.bash") + "\"").code, 0);
  EXPECT_EQ(shell("cat > ask.sh <<'EOF'\n" + ask + "\nEOF\nbash ask.sh").out, "avx2 avx512\n");
}

TEST(Command, ClosedPipesAndFullDisksAreNoSignals) {
  EXPECT_EQ(shell("(engine devices --json; echo $? >&2) | true").err, "0\n");
  const Outcome full = shell("engine run " + kTagger + " --random > /dev/full");
  EXPECT_EQ(full.code, 2);
  EXPECT_NE(full.err.find("cannot write"), std::string::npos) << full.err;
  EXPECT_EQ(shell("engine run " + kTagger + " --random --output /dev/null/x").code, 2);
}

}  // namespace
}  // namespace engine::tools
