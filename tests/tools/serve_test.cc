#include "support/command.h"

#include <gtest/gtest.h>

#include <vector>

namespace engine::tools {
namespace {

// Starts the server on a free port with these arguments, asks paths of it, ends it by SIGTERM, and
// prints its exit code. `method` is of all paths.
Outcome ask(const std::string& arguments, const std::vector<std::string>& paths,
            const std::string& method = "GET", const std::string& before = "") {
  std::string line = before + "engine serve --http-port 0 --grpc-port 0 --metrics-port 0 " +
                     arguments + R"( > log 2> errors & pid=$!
for i in $(seq 600); do grep -q Metrics log && break; sleep 0.1; done
port=$(sed -n 's/.*HTTPService.*://p' log)
)";
  for (const std::string& path : paths)
    line += "bash -c \"exec 3<>/dev/tcp/127.0.0.1/$port; printf '" + method + " " + path +
            " HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3\"; echo\n";
  return shell(line + "kill -TERM $pid; wait $pid; echo; echo \"exit $?\"; cat errors >&2");
}

// A repository in the folder that the line runs in.
const std::string kRepository =
    "mkdir -p models/jets/1 models/jets/2 models/bad/1; cp $MODELS/jet_tagger.onnx "
    "models/jets/1/net.onnx; "
    "cp $MODELS/jet_tagger.onnx models/jets/2/net.onnx; echo bad > models/bad/1/model.onnx; "
    "echo \"default_model_filename: 'net.onnx' max_batch_size: 32\" > models/jets/config.pbtxt\n";

TEST(Serve, AnswersUntilItIsEnded) {
  const Outcome outcome = ask("$MODELS/jet_tagger.onnx", {"/v2/models/jet_tagger"});
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
  const Outcome address =
      shell("engine serve $MODELS/jet_tagger.onnx --grpc-port 0 --http-address 203.0.113.1");
  EXPECT_EQ(address.code, 2);
  EXPECT_NE(address.err.find("cannot listen at 203.0.113.1:8000"), std::string::npos)
      << address.err;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Serve, ServesAModelRepository) {
  const Outcome outcome =
      ask("--model-repository=models --exit-on-error=false --strict-readiness false",
          {"/v2/models/jets/config", "/v2/models/jets", "/v2/health/ready"}, "GET", kRepository);
  EXPECT_TRUE(has(outcome.out, R"("max_batch_size":32)")) << outcome.out << outcome.err;
  EXPECT_TRUE(has(outcome.out, R"("versions":["2"])")) << outcome.out;
  EXPECT_TRUE(has(outcome.out, R"({"ready":true})")) << outcome.out;
  EXPECT_TRUE(has(outcome.err, "model bad: version 1: model 'model.onnx': not an ONNX file"))
      << outcome.err;
  EXPECT_TRUE(has(outcome.err, "model jets version 2 (")) << outcome.err;
}

TEST(Serve, EndsIfAModelOfTheStartCannotBeLoaded) {
  const Outcome outcome = shell(kRepository + "engine serve --model-store models");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(has(outcome.err, "a model was not loaded (--exit-on-error=false")) << outcome.err;
}

TEST(Serve, LoadsWhatIsAskedFor) {
  const Outcome outcome =
      ask("--model-repository models --model-control-mode=explicit --load-model jets",
          {"/v2/repository/index", "/v2/repository/models/jets/unload", "/v2/repository/index"},
          "POST", kRepository);
  EXPECT_TRUE(has(outcome.out, R"([{"name":"bad"},{"name":"jets","version":"2","state":"READY"}])"))
      << outcome.out << outcome.err;
  EXPECT_TRUE(has(outcome.out, R"("reason":"unloaded")")) << outcome.out;
}

TEST(Serve, MayStartEmpty) {
  const Outcome outcome = ask("--model-control-mode explicit", {"/v2/repository/index"}, "POST");
  EXPECT_TRUE(has(outcome.out, "\r\n\r\n[]")) << outcome.out << outcome.err;
  EXPECT_EQ(shell("engine serve --model-repository nothing").code, 2);
  EXPECT_EQ(shell("engine serve --load-model x --model-repository .").code, 2);
  EXPECT_EQ(shell("engine serve --model-control-mode x $MODELS/jet_tagger.onnx").code, 2);
}

TEST(Serve, LetsNoOtherMachineLoadModelsUnasked) {
  const Outcome outcome =
      shell("engine serve --model-control-mode explicit --http-address 0.0.0.0");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(has(outcome.err, "whoever reaches '0.0.0.0' could load models")) << outcome.err;
  const Outcome said =
      shell("engine serve --model-control-mode explicit --http-address 203.0.113.1 --insecure");
  EXPECT_TRUE(has(said.err, "cannot listen at 203.0.113.1")) << said.err;
}

TEST(Serve, PassesOverOptionsThatOnlyTritonHas) {
  const Outcome outcome =
      ask("--log-verbose=1 --log-info true --backend-config=onnxruntime,x=1 --backend-config "
          "tensorflow,y=2 --strict-model-config=false --rate-limit=off "
          "--disable-auto-complete-config $MODELS/jet_tagger.onnx",
          {"/v2/models/jet_tagger/ready"});
  EXPECT_TRUE(has(outcome.out, "HTTP/1.1 200 OK")) << outcome.out << outcome.err;
  for (const char* name :
       {"--log-verbose", "--log-info", "--backend-config", "--strict-model-config", "--rate-limit",
        "--disable-auto-complete-config"})
    EXPECT_TRUE(has(outcome.err, name)) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "have no effect here")) << outcome.err;
  EXPECT_EQ(shell("engine serve --log-nothing=1 $MODELS/jet_tagger.onnx").code, 2);
  EXPECT_FALSE(has(shell("engine serve --help").out, "--backend-config"));
  const std::string completion = shell("engine completion bash").out;
  EXPECT_TRUE(has(completion, "--model-repository"));
  EXPECT_FALSE(has(completion, "--backend-config"));
}

}  // namespace
}  // namespace engine::tools
