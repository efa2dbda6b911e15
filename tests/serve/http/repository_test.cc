// The paths about the model repository, over a socket.
#include "serve/http/base64.h"
#include "serve/http/server.h"
#include "tests/serve/control/folder.h"
#include "tests/serve/core/serving.h"
#include "tests/serve/http/client.h"

#include <gtest/gtest.h>

namespace engine::serve::http {
namespace {

using serve::test::Folder;
using serve::test::lookup_bytes;
using test::Answer;
using test::Client;
using test::get;
using test::post;

std::string encode_base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = i; k < i + 3; ++k)
      bits = bits << 8 | (k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= bytes.size() - i ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

TEST(Base64, IsReadStrictly) {
  for (const char* text : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd"})
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  for (const char* bad :
       {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", "Zm 9", "Zg==Zg=="})
    EXPECT_FALSE(decode_base64(bad)) << bad;
}

class HttpRepository : public testing::Test {
 protected:
  void serve(ControlMode mode) {
    folder.write("a/1/model.onnx", lookup_bytes(1));
    folder.write("bad/1/model.onnx", "bad");
    ControlOptions options{.repositories = {folder.path()}, .mode = mode};
    options.poll_interval = std::chrono::hours(1);
    control.emplace(repository, options);
    control->start();
    ServerOptions http;
    http.control = &*control;
    http.port = 0;
    server.emplace(repository, http);
  }
  Answer ask(const std::string& bytes) { return Client(server->port()).ask(bytes); }
  Answer manage(const std::string& path, const std::string& body = "") {
    return ask(post("/v2/repository/" + path, body));
  }

  Folder folder;
  Repository repository{std::size_t{1} << 30};
  std::optional<ModelControl> control;
  std::optional<Server> server;
};

TEST_F(HttpRepository, LoadsUnloadsAndLists) {
  serve(ControlMode::kExplicit);
  EXPECT_EQ(manage("index").body, R"([{"name":"a"},{"name":"bad"}])");
  const Answer loaded = manage("models/a/load");
  EXPECT_EQ(loaded.status, 200);
  EXPECT_EQ(loaded.body, "");
  EXPECT_EQ(ask(get("/v2/models/a/ready")).status, 200);
  EXPECT_EQ(manage("any/index", R"({"ready":true})").body,
            R"([{"name":"a","version":"1","state":"READY"}])");
  const Answer bad = manage("any/models/bad/load", "{}");
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find("load failed for model 'bad': version 1 is at UNAVAILABLE state: "),
            std::string::npos)
      << bad.body;
  EXPECT_EQ(bad.body.find(folder.path().string()), std::string::npos);
  EXPECT_EQ(manage("models/a/unload", R"({"parameters":{"unload_dependents":false}})").status, 200);
  EXPECT_EQ(manage("models/a/unload").status, 200);
  EXPECT_NE(manage("index").body.find(
                R"({"name":"a","version":"1","state":"UNAVAILABLE","reason":"unloaded"})"),
            std::string::npos);
  EXPECT_EQ(ask(get("/v2/models/a")).body,
            R"({"error":"Request for unknown model: 'a' has no available versions"})");
  EXPECT_EQ(ask(get("/v2/health/ready")).status, 200);
}

TEST_F(HttpRepository, TakesConfigurationAndFiles) {
  serve(ControlMode::kExplicit);
  const std::string body =
      R"({"parameters":{"config":"{\"max_batch_size\":3}","file:5/model.onnx":")" +
      encode_base64(lookup_bytes(5)) + "\"}}";
  const Answer answer = manage("models/sent/load", body);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_NE(ask(get("/v2/models/sent/versions/5/config")).body.find("\"max_batch_size\":3"),
            std::string::npos);
}

TEST_F(HttpRepository, RefusesBadRequests) {
  serve(ControlMode::kExplicit);
  const std::pair<const char*, const char*> kBad[] = {
      {"{", "failed to parse the request JSON buffer"},
      {"[]", "it is no object"},
      {R"({"parameters":[]})", "'parameters' is no object"},
      {R"({"parameters":{"zz":1}})", "unrecognized load parameter 'zz'."},
      {R"({"parameters":{"config":{}}})", "parameter 'config' is no string"},
      {R"({"parameters":{"config":"{}","file:1/model.onnx":"*"}})", "is no base64"},
      {R"({"parameters":{"config":"{}","file:../x":"AAAA"}})",
       "'../x' is no name of a model's file"},
      {R"({"parameters":{"file:1/model.onnx":"AAAA"}})", "needs parameter 'config'"},
      {R"({"parameters":{"config":"{\"nam\":1}"}})", "nam"},
  };
  for (const auto& [body, message] : kBad) {
    const Answer answer = manage("models/a/load", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_NE(answer.body.find(message), std::string::npos) << answer.body;
  }
  EXPECT_EQ(manage("models/a/load", std::string(100000, '[')).status, 400);
  EXPECT_EQ(manage("index", R"({"ready":1})").status, 400);
  EXPECT_EQ(manage("models/a/unload", R"({"parameters":{"zz":true}})").status, 400);
  EXPECT_EQ(manage("models/nope/load").status, 404);
  EXPECT_EQ(manage("models/..%2fa/load").status, 400);
  for (const char* path : {"", "models", "models/a", "models/a/ready", "models//load", "x/y/index"})
    EXPECT_EQ(manage(path).status, 404) << path;
  EXPECT_EQ(ask(get("/v2/repository/index")).status, 405);
  EXPECT_EQ(ask(get("/v2/repository/models/a/load")).status, 405);
}

TEST_F(HttpRepository, LoadsNothingByRequestInOtherModes) {
  serve(ControlMode::kNone);
  const Answer answer = manage("models/a/load");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("explicit model load / unload is not allowed"), std::string::npos);
  EXPECT_EQ(manage("models/a/unload").status, 503);
  EXPECT_NE(manage("index").body.find(R"({"name":"a","version":"1","state":"READY"})"),
            std::string::npos);
  EXPECT_EQ(ask(get("/v2/health/ready")).status, 400);  // "bad" was to serve
}

// Also with requests about the repository on their way.
TEST_F(HttpRepository, EndsWhileModelsAreLoaded) {
  serve(ControlMode::kExplicit);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    clients.back()->send(post("/v2/repository/models/a/load", ""));
  }
  EXPECT_EQ(clients[0]->receive().status, 200);
  server.reset();
  control.reset();
}

}  // namespace
}  // namespace engine::serve::http
