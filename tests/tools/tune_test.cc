// `engine tune`: what it keeps, that it stops and goes on, and that no bit follows from it.
#include "tests/support/command.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace engine::tools {
namespace {

using nlohmann::json;

const std::string kModel = "$MODELS/top_tagger_resnet.onnx";
// One convolution; no test waits for more, and none is cut short on a slow machine.
const std::string kSmallModel = "$MODELS/cases/patch_cnn_nhwc/model.onnx";
const std::string kEnough = " --seconds 3000 ";
const std::string kCache = "export XDG_CACHE_HOME=\"$PWD/cache\"; ";

json tuned(const std::string& model, const std::string& options) {
  const Outcome outcome = shell(kCache + "engine tune " + model + " --json " + options);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return json::parse(outcome.out, nullptr, false);
}

TEST(Tune, KeepsWhatItFindsAndSkipsWhatIsKnown) {
  shell("rm -rf cache");
  const json first = tuned(kSmallModel, kEnough);
  for (const char* key : {"model", "device", "threads", "file", "finished", "speedup", "layers"})
    EXPECT_TRUE(first.contains(key)) << key;
  EXPECT_TRUE(first["finished"].get<bool>());
  ASSERT_FALSE(first["layers"].empty());
  for (const char* key : {"layer", "nodes", "choice", "speedup", "finished", "known"})
    EXPECT_TRUE(first["layers"][0].contains(key)) << key;
  EXPECT_FALSE(first["layers"][0]["known"].get<bool>());
  const json kept = json::parse(shell("cat cache/engine/tuning-*.json").out, nullptr, false);
  EXPECT_EQ(kept["format"], "engine tuning 2");
  EXPECT_TRUE(kept["layers"].contains(first["layers"][0]["layer"].get<std::string>()));
  EXPECT_TRUE(tuned(kSmallModel, kEnough)["layers"][0]["known"].get<bool>());
  EXPECT_FALSE(tuned(kSmallModel, kEnough + "--again")["layers"][0]["known"].get<bool>());
  EXPECT_FALSE(tuned(kSmallModel, kEnough + "--batch 3")["layers"][0]["known"].get<bool>());
}

TEST(Tune, NoBitFollowsFromIt) {
  const auto run = [](const std::string& options) {
    return "engine run " + kSmallModel + " --random --batch 3 --output " + options + "; ";
  };
  // Choices for the layers of the file, whatever they are worth.
  const Outcome outcome =
      shell(kCache + "rm -rf cache; engine tune " + kSmallModel + " --batch 3" + kEnough +
            ">/dev/null && " +
            "sed 's/\"choice\": {.*}}/\"choice\": {\"pixels\": 3, \"blocks\": 1, \"images\": 2, "
            "\"slice\": 3, \"tiles\": 5}}/' cache/engine/tuning-*.json "
            "> odd.json && grep -q '\"pixels\": 3' odd.json && " +
            run("tuned") + run("off --tuning off") + run("odd --tuning odd.json") +
            "for f in tuned/*; do cmp $f off/${f#*/} && cmp $f odd/${f#*/} || exit 1; done");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST(Tune, StopsWhenInterruptedAndGoesOn) {
  // The second call of the search takes up what the first left.
  const Outcome outcome = shell(
      kCache + "rm -rf cache; engine tune " + kSmallModel + " --batch 64" + kEnough + "& p=$!; " +
      "for i in $(seq 200); do test -s cache/engine/tuning-*.json && break; sleep 0.05; done; "
      "kill -INT $p; wait $p; echo code $?; head -n 2 cache/engine/tuning-*.json; "
      "engine tune " +
      kSmallModel + " --batch 64" + kEnough + "--json | grep '\"finished\": false'");
  EXPECT_NE(outcome.out.find("code 130"), std::string::npos) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("engine tuning 2"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.err.find("interrupted; what is known is kept"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(outcome.out.find("false"), std::string::npos) << outcome.out;
}

TEST(Tune, RunsOutOfTime) {
  const Outcome outcome =
      shell(kCache + "rm -rf cache; engine tune " + kModel + " --seconds 0.001");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("not finished"), std::string::npos) << outcome.err;
}

TEST(Tune, ExportsWhatOthersCanTake) {
  // What the search keeps depends on the machine: the file has layers or none, and is one to name.
  const Outcome outcome = shell(kCache + "rm -rf cache; engine tune " + kSmallModel + kEnough +
                                "--export mine.json && engine run " + kSmallModel +
                                " --random --tuning mine.json > with && engine run " + kSmallModel +
                                " --random --tuning off > without && cmp with without; "
                                "grep -c '\"choice\": {}' mine.json");
  EXPECT_EQ(outcome.out.find_last_of('0'), outcome.out.size() - 2) << outcome.out;
  EXPECT_EQ(outcome.err, "");
}

TEST(Tune, SearchesOnOpenCl) {
  const std::string device = "--device opencl ";
  if (shell("engine run " + kModel + " --random " + device).code != 0)
    GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  shell("rm -rf cache");
  const json first = tuned(kModel, "--seconds 5 " + device);
  ASSERT_FALSE(first["layers"].empty());
  EXPECT_NE(first["layers"][0]["layer"].get<std::string>().find("[opencl]"), std::string::npos);
  const json kept = json::parse(shell("cat cache/engine/tuning-*.json").out, nullptr, false);
  EXPECT_NE(kept["driver"], "");
  // Any tile, group of work-items and group of Winograd's tiles.
  const Outcome outcome = shell(
      kCache +
      "sed 's/\"choice\": {.*}}/\"choice\": {\"rows\": 1, \"blocks\": 2, \"group\": 4, "
      "\"tiles\": 3}}/' cache/engine/tuning-*.json > odd.json && grep -q '\"rows\": 1' odd.json && "
      "engine run " +
      kModel + " --random --output odd --tuning odd.json " + device + "&& engine run " + kModel +
      " --random --output cpu && "
      "for f in odd/*; do cmp $f cpu/${f#*/} || exit 1; done");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST(Tune, NothingToTuneIsNoError) {
  const Outcome outcome = shell(kCache + "engine tune $MODELS/jet_tagger.onnx --seconds 1");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("no layer to tune"), std::string::npos) << outcome.out;
}

TEST(Tune, BadFilesAreLeftOutWithOneRemark) {
  const std::string run = "engine run " + kModel + " --random --tuning ";
  const Outcome damaged = shell("echo nonsense > bad.json; " + run + "bad.json");
  EXPECT_EQ(damaged.code, 0);
  EXPECT_NE(damaged.err.find("'bad.json' is not used"), std::string::npos) << damaged.err;
  const Outcome foreign =
      shell("echo '{\"format\": \"engine tuning 2\", \"device\": \"Abacus\"}' > f.json; " + run +
            "f.json");
  EXPECT_EQ(foreign.code, 0);
  EXPECT_NE(foreign.err.find("'Abacus'"), std::string::npos) << foreign.err;
  EXPECT_EQ(shell(run + "none.json").code, 2);
  EXPECT_EQ(shell("engine tune " + kModel + " --tuning f.json").code, 2);
  EXPECT_EQ(shell("engine tune " + kModel + " --tuning off").code, 2);
  EXPECT_EQ(shell("engine tune " + kModel + " --tuning /dev/null/x").code, 2);
  EXPECT_EQ(shell("unset HOME XDG_CACHE_HOME; engine tune " + kModel).code, 2);
}

}  // namespace
}  // namespace engine::tools
