#include "support/command.h"

#include <gtest/gtest.h>

namespace engine::tools {
namespace {

// Starts the server on a free port, asks $1 of it, ends it by SIGTERM, and prints its exit code.
const char* const kAsk = R"(
engine serve $MODELS/jet_tagger.onnx --http-port 0 > log 2> errors & pid=$!
for i in $(seq 600); do grep -q Started log && break; sleep 0.1; done
port=$(sed 's/.*://' log)
bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; printf 'GET PATH HTTP/1.0\r\n\r\n' >&3; cat <&3"
kill -TERM $pid; wait $pid; echo; echo "exit $?"; cat errors >&2)";

Outcome ask(const std::string& path) {
  std::string line = kAsk;
  line.replace(line.find("PATH"), 4, path);
  return shell(line);
}

TEST(Serve, AnswersUntilItIsEnded) {
  const Outcome outcome = ask("/v2/models/jet_tagger");
  EXPECT_NE(outcome.out.find("HTTP/1.1 200 OK"), std::string::npos) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find(R"("name":"jets","datatype":"FP32","shape":[-1,16])"),
            std::string::npos);
  EXPECT_TRUE(outcome.out.ends_with("\nexit 0\n")) << outcome.out;
  EXPECT_NE(outcome.err.find("model jet_tagger ("), std::string::npos) << outcome.err;
}

TEST(Serve, HasHelpWithAnExample) {
  const Outcome outcome = shell("engine serve --help");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("Example:\n"), std::string::npos);
}

TEST(Serve, RefusesWhatItCannotServe) {
  EXPECT_EQ(shell("engine serve").code, 2);
  EXPECT_EQ(shell("engine serve nothing.onnx").code, 2);
  const Outcome name = shell("engine serve ../x=$MODELS/jet_tagger.onnx");
  EXPECT_EQ(name.code, 2);
  EXPECT_NE(name.err.find("is no name for a model"), std::string::npos) << name.err;
  const Outcome twice = shell("engine serve $MODELS/jet_tagger.onnx $MODELS/jet_tagger.onnx");
  EXPECT_NE(twice.err.find("two models are called 'jet_tagger'"), std::string::npos) << twice.err;
  const Outcome address = shell("engine serve $MODELS/jet_tagger.onnx --http-address 203.0.113.1");
  EXPECT_EQ(address.code, 2);
  EXPECT_NE(address.err.find("cannot listen at 203.0.113.1:8000"), std::string::npos)
      << address.err;
}

}  // namespace
}  // namespace engine::tools
