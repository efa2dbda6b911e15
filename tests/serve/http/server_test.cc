#include "serve/http/server.h"

#include "serve/http/coding.h"

#include "support/model_case.h"
#include "tests/serve/core/serving.h"
#include "tests/serve/http/client.h"

#include <gtest/gtest.h>

namespace engine::serve::http {
namespace {

using engine::test::compare_all;
using engine::test::take_batch;
using serve::test::Hold;
using serve::test::lookup;
using test::Answer;
using test::Client;
using test::get;
using test::post;

const std::string kInfer = "/v2/models/lookup/infer";
const std::string kJets = "/v2/models/jet_tagger/infer";

// A server with the lookup model and the jet tagger.
class HttpServer : public testing::Test {
 protected:
  void serve(ServerOptions options = {}) {
    serve::test::load_lookup_and_jets(repository);
    options.port = 0;
    server.emplace(repository, options);
  }
  void SetUp() override { serve(); }

  std::uint16_t port() const { return server->port(); }
  Answer ask(const std::string& bytes) { return Client(port()).ask(bytes); }
  std::shared_ptr<ServedModel> model(std::string_view name) {
    Failure why;
    return repository.find(name, {}, why);
  }

  Repository repository{std::size_t{1} << 30};
  std::optional<Server> server;
};

// {"inputs":[...]} for the lookup model.
std::string indices(const std::string& data, const std::string& shape,
                    const std::string& more = "") {
  return R"({"inputs":[{"name":"i","datatype":"INT64","shape":)" + shape + R"(,"data":)" + data +
         "}]" + more + "}";
}

// Jets as bytes behind the JSON, with the header line that says where they begin.
std::string binary_request(const Tensor& jets) {
  const std::string json =
      R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"jets","datatype":"FP32","shape":[)" +
      std::to_string(jets.shape()[0]) +
      ",16],\"parameters\":{\"binary_data_size\":" + std::to_string(jets.bytes()) + "}}]}";
  return post(kJets, json + std::string(static_cast<const char*>(jets.data()), jets.bytes()),
              "Inference-Header-Content-Length: " + std::to_string(json.size()) + "\r\n");
}

Tensor scores_of(const Answer& answer, Index rows) {
  const auto header = answer.headers.find("inference-header-content-length");
  if (header == answer.headers.end()) return {};
  const std::string bytes = answer.body.substr(std::stoul(header->second));
  Tensor scores(DType::kFloat32, {rows, 5});
  EXPECT_EQ(bytes.size(), scores.bytes());
  std::memcpy(scores.mutable_data(), bytes.data(), std::min(bytes.size(), scores.bytes()));
  return scores;
}

// Whoever reads such a body otherwise than a proxy before it can be sent requests of others.
TEST_F(HttpServer, OnlyPlainChunksSayWhereABodyEnds) {
  const std::string inner = "GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const char* coding : {"gzip", "identity", "chunked, identity", "chunked, chunked",
                             "gzip, chunked", "chunked\r\nTransfer-Encoding: chunked"}) {
    const Answer answer =
        ask("POST " + kInfer + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + coding + "\r\n\r\n" +
            inner);
    EXPECT_EQ(answer.status, 400) << coding;
    EXPECT_NE(answer.body.find("Transfer-Encoding"), std::string::npos) << answer.body;
  }
}

TEST_F(HttpServer, TrailersDoNotReplaceTheHeader) {
  const std::string json = indices("[1]", "[1]");
  char size[16];
  std::snprintf(size, sizeof size, "%zx", json.size());
  const Answer answer =
      ask("POST " + kInfer + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + size +
          "\r\n" + json + "\r\n0\r\nInference-Header-Content-Length: 3\r\n\r\n");
  EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(HttpServer, ErrorsDoNotEchoTheRequest) {
  std::string shape = "[1";
  for (int i = 0; i < 100000; ++i) shape += ",1";
  const Answer answer = ask(post(kInfer, indices("[1]", shape + "]")));
  EXPECT_EQ(answer.status, 400);
  EXPECT_LT(answer.body.size(), 5000u);
}

TEST_F(HttpServer, TellsAboutItself) {
  Client client(port());
  const Answer server = client.ask(get("/v2"));
  EXPECT_EQ(server.status, 200);
  EXPECT_NE(server.body.find("\"binary_tensor_data\""), std::string::npos);
  EXPECT_EQ(client.ask(get("/v2/health/live")).body, "{\"live\":true}");
  EXPECT_EQ(client.ask(get("/v2/health/ready?verbose=1")).body, "{\"ready\":true}");
  client.send(get("/v2/health/live", "HEAD"));
  EXPECT_EQ(client.receive(true).status, 200);
  EXPECT_EQ(client.ask(get("/v2")).status, 200);  // the connection is still good
}

TEST_F(HttpServer, TellsAboutModels) {
  Client client(port());
  EXPECT_EQ(
      client.ask(get("/v2/models/lookup")).body,
      R"({"name":"lookup","versions":["1"],"platform":"onnxruntime_onnx","inputs":[{"name":"i",)"
      R"("datatype":"INT64","shape":[-1]}],"outputs":[{"name":"y","datatype":"FP32",)"
      R"("shape":[-1,2]}]})");
  EXPECT_EQ(client.ask(get("/v2/models/lookup/versions/1/ready")).status, 200);
  EXPECT_EQ(client.ask(get("/v2/models/nope/ready")).status, 400);
  EXPECT_EQ(client.ask(get("/v2/models/lookup/versions/2/ready")).status, 400);
  const Answer unknown = client.ask(get("/v2/models/nope"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"error":"Request for unknown model: 'nope' is not found"})");
}

TEST_F(HttpServer, TellsTheConfigurationOfModels) {
  Client client(port());
  const Answer answer = client.ask(get("/v2/models/lookup/config"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body.starts_with(
      R"({"name":"lookup","platform":"onnxruntime_onnx","backend":"onnxruntime",)"))
      << answer.body;
  EXPECT_EQ(client.ask(get("/v2/models/lookup/versions/1/config")).body, answer.body);
  EXPECT_EQ(client.ask(get("/v2/models/lookup/versions/2/config")).status, 404);
  EXPECT_EQ(client.ask(post("/v2/models/lookup/config", "")).status, 405);
}

TEST_F(HttpServer, RefusesPathsAndMethodsThatAreNot) {
  Client client(port());
  for (const std::string path : {"/", "/v2/", "/v2/models", "/v2/models/", "/v2/models/lookup/",
                                 "/v2/models/lookup/versions/abc", "/v2/models/lookup/versions/-1",
                                 "/v2/models/lookup/fly", "/v2/models/lookup/ready/now"})
    EXPECT_EQ(client.ask(get(path)).body, "{\"error\":\"Not Found\"}") << path;
  for (const auto& request : {get(kInfer), get("/v2", "POST"), get("/v2/models/lookup", "PUT")}) {
    const Answer answer = client.ask(request);
    EXPECT_EQ(answer.status, 405) << request;
    EXPECT_EQ(answer.body, "{\"error\":\"Method Not Allowed\"}");
  }
}

TEST_F(HttpServer, InfersFromJson) {
  const Answer answer = ask(post(kInfer, indices("[[3],1]", "[2]", R"(,"id":"a\"b")")));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"id":"a\"b","model_name":"lookup","model_version":"1","parameters":)"
                         R"({"model_sha256":")" +
                             model("lookup")->sha256() +
                             R"(","batch_size":2},"outputs":[{"name":"y","datatype":"FP32",)"
                             R"("shape":[2,2],"data":[30,31,10,11]}]})");
}

TEST_F(HttpServer, InfersFromBytesWithTheBitsOfTheSession) {
  const auto c = engine::test::load_model_case("jet_tagger", 40);
  const Session session(c.model);
  std::vector<std::thread> clients;
  for (int t = 0; t < 8; ++t)
    clients.emplace_back([&, t] {
      Client client(port());
      for (Index i = 0; i < 25; ++i) {
        const Index rows = 1 + (t + i) % 7;
        const Tensors jets = take_batch(c, rows, 5 * t + i);
        const Answer answer = client.ask(binary_request(jets.at("jets")));
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(compare_all({{"scores", scores_of(answer, rows)}}, session.run(jets)), "");
      }
    });
  for (std::thread& client : clients) client.join();
}

TEST_F(HttpServer, TakesABodyThatIsTheOnlyInput) {
  const auto c = engine::test::load_model_case("jet_tagger", 1);
  const Tensors jets = take_batch(c, 1, 0);
  const Tensor& jet = jets.at("jets");
  const std::string body(static_cast<const char*>(jet.data()), jet.bytes());
  const Answer answer = ask(post(kJets, body, "Inference-Header-Content-Length: 0\r\n"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(compare_all({{"scores", scores_of(answer, 1)}}, Session(c.model).run(jets)), "");
  EXPECT_EQ(ask(post(kJets, "")).status, 400);
}

TEST_F(HttpServer, ChoosesTheFormOfEachOutput) {
  const Answer answer =
      ask(post(kInfer, indices("[1]", "[1]",
                               R"(,"outputs":[{"name":"y","parameters":{"binary_data":true}}])")));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "application/octet-stream");
  EXPECT_NE(answer.body.find("\"binary_data_size\":8"), std::string::npos);
}

TEST_F(HttpServer, RefusesBadInputAndGoesOn) {
  const std::pair<std::string, std::string> kCases[] = {
      {"{", "failed to parse the request JSON buffer"},
      {"[]", "it is no object"},
      {"{}", "key 'inputs' is missing"},
      {indices("[1]", "[1]") + ",", "failed to parse the request JSON buffer"},
      {indices("[1]", "[1]", R"(,"id":7)"), "Unable to parse 'id'"},
      {indices("[1]", "[1]", R"(,"outputs":7)"), "Unable to parse 'outputs'"},
      {indices("[1]", "[1]", R"(,"outputs":[{"name":"z"}])"), "unexpected inference output 'z'"},
      {indices("[1]", "[1]", R"(,"parameters":{"q":null})"), "has invalid type"},
      {indices("[1]", "[1]", R"(,"parameters":{"triton_x":1})"), "reserved"},
      {indices("[1]", "[1]", R"(,"parameters":{"priority":-1})"), "expected value >= 0"},
      {indices("[1,2]", "[1]"), "Shape does not match true shape of 'data'"},
      {indices("[1]", "[4611686018427387904,16]"), "is too large"},
      {indices("[1]", "[1099511627776]"), "Shape does not match true shape of 'data'"},
      {indices("[1]", "[-1]"), "non-unsigned-integer"},
      {indices("[1]", "[1.5]"), "non-unsigned-integer"},
      {indices("[1.5]", "[1]"), "a value is no INT64"},
      {indices("[\"1\"]", "[1]"), "a value is no INT64"},
      {indices("[1e999]", "[1]"), "failed to parse the request JSON buffer"},
      {indices("[NaN]", "[1]"), "failed to parse the request JSON buffer"},
      {indices("{}", "[1]"), "no array"},
      {indices("[]", "[0]"), "batch-size must be at least 1"},
      {indices("[9]", "[1]"), "9"},
      {R"({"inputs":[]})", "expected 1 inputs but got 0 inputs"},
      {R"({"inputs":[{"name":"i","datatype":"INT65","shape":[1],"data":[1]}]})",
       "invalid datatype"},
      {R"({"inputs":[{"name":"i","datatype":"FP16","shape":[1],"data":[1]}]})", "via JSON is not"},
      {R"({"inputs":[{"name":"i","datatype":"INT64","shape":[1]}]})", "sets none"},
      {R"({"inputs":[{"name":"i","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}]})",
       "expecting 8 additional bytes"},
      {std::string(1'000'000, '['), "failed to parse the request JSON buffer"},
      {R"({"inputs":)" + std::string(101, '[') + std::string(101, ']') + "}", "failed to parse"},
  };
  Client client(port());
  for (const auto& [body, words] : kCases) {
    const Answer answer = client.ask(post(kInfer, body));
    EXPECT_EQ(answer.status, 400) << body.substr(0, 100);
    EXPECT_NE(answer.body.find(words), std::string::npos) << body.substr(0, 100) << answer.body;
    EXPECT_TRUE(answer.body.starts_with("{\"error\":\"")) << answer.body;
  }
  EXPECT_EQ(client.ask(post(kInfer, indices("[1]", "[1]"))).status, 200);
}

TEST_F(HttpServer, RefusesWrongLengthsOfBinaryData) {
  const std::string json =
      R"({"inputs":[{"name":"i","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}}]})";
  const auto with = [&](const std::string& length, const std::string& tail) {
    return ask(post(kInfer, json + tail, "Inference-Header-Content-Length: " + length + "\r\n"));
  };
  const std::string right = std::to_string(json.size()), one("\1\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(with(right, one).status, 200);
  EXPECT_NE(with(right, one.substr(1)).body.find("expecting 1 additional bytes"),
            std::string::npos);
  EXPECT_NE(with(right, one + "x").body.find("unexpected additional input data"),
            std::string::npos);
  for (const std::string length : {"99999", "-1", "18446744073709551616", "ten", "10x", ""})
    EXPECT_NE(with(length, one).body.find("inference header size should be in range"),
              std::string::npos)
        << length;
  EXPECT_EQ(with("10", one).status, 400);
}

TEST_F(HttpServer, UnsupportedFormsAreNamed) {
  EXPECT_EQ(ask(post(kInfer, "x", "Content-Encoding: br\r\n")).status, 501);
  const Answer answer = ask(post(
      kInfer, indices("[1]", "[1]",
                      R"(,"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}])")));
  EXPECT_EQ(answer.status, 501);
  EXPECT_NE(answer.body.find("takes no shared memory"), std::string::npos) << answer.body;
  EXPECT_EQ(ask(get("/v2/systemsharedmemory/status")).status, 501);
}

TEST_F(HttpServer, AnswersWithTheBestClasses) {
  const std::string classes = R"(,"outputs":[{"name":"y","parameters":{"classification":)";
  const Answer answer = ask(post(kInfer, indices("[1]", "[1]", classes + "1}}]")));
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find(R"("datatype":"BYTES","shape":[1,1],"data":["11.000000:1"])"),
            std::string::npos)
      << answer.body;
  for (const char* bad : {"0", "-1", "\"1\"", "1.5"})
    EXPECT_EQ(ask(post(kInfer, indices("[1]", "[1]", classes + bad + "}}]"))).status, 400) << bad;
}

TEST_F(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  Client client(port());
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += post(kInfer, indices("[1]", "[1]", ",\"id\":\"" + std::to_string(i) + "\"")) +
           get("/v2/health/live");
  client.send(all);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(client.receive().body.starts_with("{\"id\":\"" + std::to_string(i) + "\""));
    EXPECT_EQ(client.receive().body, "{\"live\":true}");
  }
}

TEST_F(HttpServer, ClosesWhereTheClientWantsIt) {
  Client old(port());
  EXPECT_EQ(old.ask("GET /v2/health/live HTTP/1.0\r\n\r\n").headers.at("connection"), "close");
  EXPECT_TRUE(old.closes());
  Client polite(port());
  EXPECT_EQ(polite.ask("GET /v2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status, 200);
  EXPECT_TRUE(polite.closes());
}

TEST_F(HttpServer, TakesChunksAndAsksToContinue) {
  const std::string body = indices("[1]", "[1]");
  std::string chunks =
      "POST " + kInfer + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char c : body) chunks += std::string("1\r\n") + c + "\r\n";
  EXPECT_EQ(ask(chunks + "0\r\n\r\n").status, 200);

  Client client(port());
  client.send("POST " + kInfer +
              " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  EXPECT_EQ(client.ask(body).status, 200);
}

TEST_F(HttpServer, ClosesOnWhatIsNoRequest) {
  const std::string kBad[] = {
      "nonsense\r\n\r\n",
      "GET /v2\r\n\r\n",
      "GET /v2 HTTP/1.1\r\nno colon\r\n\r\n",
      "POST " + kInfer + " HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      "POST " + kInfer + " HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
      "POST " + kInfer +
          " HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST " + kInfer + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n0\r\n\r\n",
      "POST " + kInfer + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
  };
  for (const std::string& bytes : kBad) {
    Client client(port());
    EXPECT_EQ(client.ask(bytes).status, 400) << bytes;
    EXPECT_TRUE(client.closes()) << bytes;
  }
  EXPECT_EQ(ask(get("/v2")).status, 200);
}

class SmallHttpServer : public HttpServer {
  void SetUp() override { serve({.max_body = 1000, .max_header = 2000, .max_connections = 3}); }
};

TEST_F(SmallHttpServer, BoundsHeadersAndBodies) {
  EXPECT_EQ(ask(post(kInfer, std::string(1001, 'x'))).status, 413);
  EXPECT_EQ(
      ask("POST " + kInfer + " HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n").status,
      413);
  EXPECT_EQ(ask("POST " + kInfer + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" +
                std::string(1024, 'x') + "\r\n0\r\n\r\n")
                .status,
            413);
  EXPECT_EQ(ask(get("/" + std::string(3000, 'x'))).status, 431);
  std::string many = "GET /v2 HTTP/1.1\r\n";
  for (int i = 0; i < 10'000; ++i) many += "a: b\r\n";
  EXPECT_EQ(ask(many + "\r\n").status, 431);
}

TEST_F(SmallHttpServer, ClosesConnectionsBeyondItsNumber) {
  Client a(port()), b(port()), c(port());
  for (Client* client : {&a, &b, &c}) EXPECT_EQ(client->ask(get("/v2")).status, 200);
  EXPECT_TRUE(Client(port()).closes());
  EXPECT_EQ(a.ask(get("/v2")).status, 200);
}

TEST_F(HttpServer, FinishesWhatItReadWhenItIsEnded) {
  std::optional<Hold> hold(std::in_place, model("lookup")->batcher(), lookup({0}));
  Client idle(port()), busy(port());
  EXPECT_EQ(idle.ask(get("/v2")).status, 200);
  busy.send(post(kInfer, indices("[2]", "[1]")));
  while (model("lookup")->batcher().queued() == 0) std::this_thread::yield();
  const std::uint16_t old_port = port();
  repository.drain();
  server->drain();
  EXPECT_TRUE(idle.closes());
  hold.reset();
  repository.stop(Time::max());
  const Answer answer = busy.receive();
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("connection"), "close");
  server->end(Time::max());
  EXPECT_FALSE(Client(old_port).connected());
}

TEST_F(HttpServer, ForgetsClientsThatLeave) {
  std::optional<Hold> hold(std::in_place, model("lookup")->batcher(), lookup({0}));
  {
    Client gone(port());
    gone.send(post(kInfer, indices("[2]", "[1]")));
    while (model("lookup")->batcher().queued() == 0) std::this_thread::yield();
  }
  {
    Client half(port());
    half.send("POST /v2 HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc");
  }
  hold.reset();
  EXPECT_EQ(ask(post(kInfer, indices("[3]", "[1]"))).status, 200);
  EXPECT_EQ(repository.memory().used(), 0u);
}

TEST_F(HttpServer, ReportsStatistics) {
  Client client(port());
  EXPECT_EQ(client.ask(post(kInfer, indices("[1,2]", "[2]"))).status, 200);
  const Answer answer = client.ask(get("/v2/models/lookup/stats"));
  EXPECT_NE(answer.body.find("\"inference_count\":2,\"execution_count\":1,"), std::string::npos)
      << answer.body;
  EXPECT_NE(answer.body.find("\"batch_stats\":[{\"batch_size\":2,"), std::string::npos);
  EXPECT_EQ(client.ask(get("/v2/models/stats")).status, 200);
  EXPECT_EQ(client.ask(get("/v2/models/nope/stats")).status, 400);
}

TEST_F(HttpServer, MetricsHaveAPortOfTheirOwn) {
  EXPECT_EQ(ask(get("/metrics")).status, 404);
  EXPECT_EQ(ask(post(kInfer, indices("[1,2]", "[2]"))).status, 200);
  EXPECT_EQ(ask(post(kInfer, indices("[9]", "[1]"))).status, 400);
  Server metrics(repository, {.only_metrics = true, .port = 0});
  Client client(metrics.port());
  const Answer answer = client.ask(get("/metrics"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.headers.at("content-type").starts_with("text/plain; version=0.0.4"));
  const std::string lookup = "{model=\"lookup\",version=\"1\"";
  for (const std::string& line :
       {"nv_inference_count" + lookup + "} 2\n", "nv_inference_exec_count" + lookup + "} 2\n",
        "nv_inference_request_success" + lookup + "} 1\n",
        "nv_inference_request_failure" + lookup + ",reason=\"BACKEND\"} 1\n",
        "nv_inference_pending_request_count" + lookup + "} 0\n",
        "engine_request_duration_seconds_bucket" + lookup + ",le=\"+Inf\"} 1\n",
        "engine_request_duration_seconds_count" + lookup + "} 1\n"})
    EXPECT_NE(answer.body.find(line), std::string::npos) << line << answer.body;
  EXPECT_EQ(client.ask(get("/v2/health/live")).status, 404);
  EXPECT_EQ(client.ask(post("/metrics", "")).status, 405);
}

TEST_F(HttpServer, TakesCompressedBodies) {
  const std::string body = indices("[1,3]", "[2]");
  const std::string_view parts[] = {body};
  for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
    const std::string header = std::string("Content-Encoding: ") + name_of(coding) + "\r\n";
    const std::string packed = pack(parts, coding);
    const Answer answer = ask(post(kInfer, packed, header));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.body.find("[10,11,30,31]"), std::string::npos) << answer.body;
    for (const std::string& bad : {body, std::string(), packed.substr(0, packed.size() - 3),
                                   packed + "x", std::string("\x1f\x8b")})
      EXPECT_EQ(ask(post(kInfer, bad, header)).status, 400) << bad.size();
    // A bomb of a thousand to one.
    const std::string zeros(std::size_t{65} << 20, '0');
    const std::string_view bomb[] = {zeros};
    EXPECT_EQ(ask(post(kInfer, pack(bomb, coding), header)).status, 413);
  }
  EXPECT_EQ(ask(post(kInfer, body)).status, 200);
}

TEST_F(HttpServer, CompressesAnswersWhereAsked) {
  const std::tuple<const char*, const char*> cases[] = {{"gzip", "gzip"},
                                                        {"deflate", "deflate"},
                                                        {"br, deflate ;q=0.5, gzip", "gzip"},
                                                        {"gzip;q=0, deflate", "deflate"},
                                                        {"gzip; q=0.0", ""},
                                                        {"br", ""}};
  for (const auto& [accepted, expected] : cases) {
    const Answer answer = ask(
        post(kInfer, indices("[1]", "[1]"), std::string("Accept-Encoding: ") + accepted + "\r\n"));
    EXPECT_EQ(answer.status, 200);
    const auto coding = answer.headers.find("content-encoding");
    EXPECT_EQ(coding == answer.headers.end() ? "" : coding->second, expected) << accepted;
    const auto parsed = parse_coding(expected);
    const std::string body = parsed ? unpack(answer.body, *parsed, 1 << 20) : answer.body;
    EXPECT_NE(body.find("[10,11]"), std::string::npos);
  }
}

}  // namespace
}  // namespace engine::serve::http
