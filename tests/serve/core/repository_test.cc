#include "serve/core/repository.h"

#include "serve/config/config_text.h"
#include "serve/core/digest.h"
#include "tests/serve/core/serving.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace engine::serve {
namespace {

namespace fs = std::filesystem;
using test::Hold;
using test::lookup;
using test::send;

// A file with these bytes, removed at the end.
class ModelFile {
 public:
  explicit ModelFile(const std::string& bytes)
      : path_(fs::temp_directory_path() /
              ("engine_repository_" +
               std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id())) + "_" +
               std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".onnx")) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~ModelFile() { fs::remove(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Served {
  ModelFile file{test::lookup_bytes()};
  Repository repository{1 << 20};
  Failure why;

  std::shared_ptr<ServedModel> find(std::string_view name, std::optional<Index> version = {}) {
    return repository.find(name, version, why);
  }
};

std::string sha256(const fs::path& file) { return digest_of_file(file, Digest::kSha256); }

TEST(Digest, IsThatOfTheStandardsExamples) {
  EXPECT_EQ(sha256(ModelFile("abc").path()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(ModelFile(std::string(1'000'000, 'a')).path()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sha256(ModelFile("").path()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_of("abc", Digest::kMd5), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_THROW(sha256("/no/such/file"), Error);
}

TEST(Repository, FindsTheNewestOrTheNamedVersion) {
  Served s;
  for (const Index version : {1, 3, 2})
    s.repository.load({.file = s.file.path(), .name = "m", .version = version});
  EXPECT_EQ(s.repository.versions("m"), (std::vector<Index>{1, 2, 3}));
  EXPECT_EQ(s.find("m")->version(), 3);
  EXPECT_EQ(s.find("m", 2)->version(), 2);
  EXPECT_EQ(s.find("m")->sha256(), sha256(s.file.path()));
  EXPECT_EQ(s.find("m", 7), nullptr);
  EXPECT_EQ(s.why.message, "Request for unknown model: 'm' version 7 is not found");
  EXPECT_EQ(s.find("x\n"), nullptr);
  EXPECT_EQ(s.why.message, "Request for unknown model: 'x\\x0a' is not found");
  EXPECT_EQ(s.why.code, Code::kNotFound);
}

TEST(Repository, AnUnloadedModelFinishesWhatItAccepted) {
  Served s;
  s.repository.load({.file = s.file.path(), .name = "m"});
  const auto model = s.find("m");
  Hold hold(model->batcher(), lookup({0}));
  auto answer = send(model->batcher(), lookup({2}));
  std::thread unloader([&] { EXPECT_TRUE(s.repository.unload("m")); });
  while (s.find("m")) std::this_thread::yield();
  EXPECT_EQ(s.why.message, "Request for unknown model: 'm' has no available versions");
  hold.release();
  unloader.join();
  EXPECT_FALSE(answer.get().failure);
  EXPECT_EQ(send(model->batcher(), lookup({2})).get().failure->code, Code::kUnavailable);
  EXPECT_FALSE(s.repository.unload("m"));
}

TEST(Repository, AModelThatFailsToLoadLeavesTheOldOne) {
  Served s;
  s.repository.load({.file = s.file.path(), .name = "m"});
  const auto old = s.find("m");
  const ModelFile broken("not a model");
  EXPECT_THROW(s.repository.load({.file = broken.path(), .name = "m"}), Error);
  EXPECT_EQ(s.find("m"), old);
  EXPECT_FALSE(send(old->batcher(), lookup({1})).get().failure);
}

TEST(Repository, NoRequestFailsWhileAVersionIsExchanged) {
  Served s;
  s.repository.load({.file = s.file.path(), .name = "m"});
  std::atomic<int> good = 0;
  std::atomic<bool> done = false;
  std::thread sender([&] {
    Failure why;
    auto model = s.repository.find("m", {}, why);
    while (!done) {
      std::promise<Response> answer;
      s.repository.submit(model, {}, lookup({1}),
                          [&](Response response) { answer.set_value(std::move(response)); });
      const Response response = answer.get_future().get();
      ASSERT_FALSE(response.failure) << response.failure->message;
      ++good;
    }
  });
  for (int i = 0; i < 5; ++i) {
    const int before = good;
    s.repository.load({.file = s.file.path(), .name = "m"});
    while (good == before) std::this_thread::yield();
  }
  done = true;
  sender.join();
  EXPECT_EQ(s.repository.all().size(), 1u);
}

TEST(Repository, SubmitsToTheNewestVersionIfNoneWasNamed) {
  Served s;
  for (const Index version : {1, 2})
    s.repository.load({.file = s.file.path(), .name = "m", .version = version});
  auto newest = s.find("m"), named = s.find("m", 2);
  s.repository.unload("m", 2);
  Response got;
  const auto keep = [&](Response response) { got = std::move(response); };
  s.repository.submit(named, 2, lookup({1}), keep);
  ASSERT_TRUE(got.failure);
  EXPECT_EQ(got.failure->message, "Request for unknown model: 'm' version 2 is not found");
  std::promise<Response> answer;
  s.repository.submit(newest, {}, lookup({1}),
                      [&](Response response) { answer.set_value(std::move(response)); });
  EXPECT_FALSE(answer.get_future().get().failure);
  EXPECT_EQ(newest->version(), 1);
}

TEST(Repository, SubmitsToNothingOnceUnloaded) {
  Served s;
  s.repository.load({.file = s.file.path(), .name = "m"});
  auto model = s.find("m");
  s.repository.unload("m");
  Response got;
  s.repository.submit(model, {}, lookup({1}),
                      [&](Response response) { got = std::move(response); });
  ASSERT_TRUE(got.failure);
  EXPECT_EQ(got.failure->code, Code::kNotFound);
}

TEST(ServedModel, LimitsFollowFromTheModel) {
  Served s;
  s.repository.load({.file = s.file.path(), .name = "batched"});
  EXPECT_EQ(s.find("batched")->limits().max_batch_size, default_limits().max_batch_size);
  onnx::test::ModelWriter fixed;
  fixed.graph().input("x", {2}).output("y").node("Relu", {"x"}, {"y"});
  const ModelFile file(fixed.bytes());
  s.repository.load({.file = file.path(), .name = "fixed"});
  EXPECT_EQ(s.find("fixed")->limits().max_batch_size, 0);
  Request request{.inputs = {{"x", Tensor::of<float>({2}, {-1, 1})}}};
  const Response response = send(s.find("fixed")->batcher(), request).get();
  ASSERT_FALSE(response.failure) << response.failure->message;
  EXPECT_EQ(response.outputs.at("y").values<float>()[1], 1.0f);
  EXPECT_THROW(s.repository.load({.file = file.path(), .name = "fixed", .must_batch = true}),
               Error);
}

std::shared_ptr<const inference::ModelConfig> config(const std::string& text) {
  return std::make_shared<inference::ModelConfig>(parse_config(text, "config.pbtxt"));
}

TEST(ServedModel, IsServedAsItsConfigurationSays) {
  Served s;
  s.repository.load({.file = s.file.path(),
                     .name = "m",
                     .config = config("max_batch_size: 2 instance_group { count: 2 }")});
  const auto model = s.find("m");
  EXPECT_EQ(model->limits().max_batch_size, 2);
  EXPECT_EQ(model->limits().instances, 2);
  EXPECT_EQ(model->config().name(), "m");
  EXPECT_EQ(model->config().max_batch_size(), 2);
  EXPECT_EQ(send(model->batcher(), lookup({1, 2, 3})).get().failure->message,
            "inference request batch-size must be <= 2 for 'm'");
  EXPECT_FALSE(send(model->batcher(), lookup({1, 2})).get().failure);
}

TEST(ServedModel, HoldsRequestsAgainstItsConfiguration) {
  Served s;
  s.repository.load({.file = s.file.path(),
                     .name = "m",
                     .config = config("input { name: 'i' data_type: TYPE_INT64 dims: 2 }")});
  const auto model = s.find("m");
  EXPECT_EQ(model->limits().max_batch_size, 0);
  EXPECT_EQ(send(model->batcher(), lookup({1})).get().failure->message,
            "unexpected shape for input 'i' for model 'm'. Expected [2], got [1]");
  EXPECT_FALSE(send(model->batcher(), lookup({1, 2})).get().failure);
}

TEST(ServedModel, AnswersOnlyTheOutputsOfItsConfiguration) {
  onnx::test::ModelWriter two;
  two.graph().input("x").output("y").output("z");
  two.graph().node("Relu", {"x"}, {"y"});
  two.graph().node("Neg", {"x"}, {"z"});
  const ModelFile file(two.bytes());
  Served s;
  s.repository.load({.file = file.path(),
                     .name = "m",
                     .config = config("output { name: 'z' data_type: TYPE_FP32 dims: 2 }")});
  Request request{.inputs = {{"x", Tensor::of<float>({2}, {-1, 1})}}};
  const Response response = send(s.find("m")->batcher(), request).get();
  ASSERT_FALSE(response.failure) << response.failure->message;
  ASSERT_EQ(response.outputs.size(), 1u);
  EXPECT_EQ(response.outputs.at("z").values<float>()[0], 1.0f);
  request.outputs = {"y"};
  EXPECT_EQ(send(s.find("m")->batcher(), request).get().failure->message,
            "unexpected inference output 'y' for model 'm'");
}

TEST(ServedModel, ReshapesForItsClients) {
  Served s;
  s.repository.load(
      {.file = s.file.path(),
       .name = "m",
       .config = config(
           "max_batch_size: 8 input { name: 'i' data_type: TYPE_INT64 dims: 1 reshape {} } "
           "output { name: 'y' data_type: TYPE_FP32 dims: [ 2, 1 ] reshape { shape: 2 } }")});
  const auto model = s.find("m");
  Request request{.inputs = {{"i", Tensor::of<std::int64_t>({2, 1}, {1, 3})}}};
  const Response response = send(model->batcher(), request).get();
  ASSERT_FALSE(response.failure) << response.failure->message;
  EXPECT_EQ(response.outputs.at("y").shape(), (Shape{2, 2, 1}));
  EXPECT_EQ(response.outputs.at("y").values<float>()[2], 30.0f);
  EXPECT_EQ(send(model->batcher(), lookup({1})).get().failure->code, Code::kInvalidArgument);
}

TEST(ServedModel, MustBatchIfItsConfigurationSaysSo) {
  onnx::test::ModelWriter mixing;
  mixing.graph().input("x", {"N", 2}).output("y").node("Transpose", {"x"}, {"y"});
  const ModelFile file(mixing.bytes());
  Served s;
  EXPECT_THROW(
      s.repository.load({.file = file.path(), .name = "m", .config = config("max_batch_size: 2")}),
      Error);
  s.repository.load({.file = file.path(), .name = "m", .config = config("name: 'm'")});
  EXPECT_EQ(s.find("m")->config().max_batch_size(), 0);
  EXPECT_FALSE(s.find("m")->config().has_dynamic_batching());
}

}  // namespace
}  // namespace engine::serve
