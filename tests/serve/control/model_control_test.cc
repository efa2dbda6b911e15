#include "serve/control/model_control.h"

#include "tests/serve/control/folder.h"
#include "tests/serve/core/serving.h"

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

using test::Folder;
using test::lookup;
using test::lookup_bytes;
using test::send;

// A repository folder with a control.
class Control : public testing::Test {
 protected:
  ModelControl& start(ControlMode mode, ControlOptions options = {}) {
    options.repositories = {folder.path()};
    options.mode = mode;
    options.poll_interval = std::chrono::hours(1);
    options.on_failed = [this](const std::string&, const std::string&) { ++told; };
    control.emplace(repository, options);
    failed = control->start();
    return *control;
  }

  void write_lookup(const std::string& file, float plus = 0) {
    folder.write(file, lookup_bytes(plus));
  }

  // What row 0 of the lookup model begins with; negative if there is no answer.
  float first(const std::string& name, std::optional<Index> version = {}) {
    Failure why;
    const auto model = repository.find(name, version, why);
    if (!model) return -1;
    const Response response = send(model->batcher(), lookup({0})).get();
    return response.failure ? -2 : response.outputs.at("y").values<float>()[0];
  }

  // "name/version state reason", a line each.
  std::string index(bool only_ready = false) {
    std::string text;
    for (const ModelStatus& model : control->index(only_ready))
      text += model.name + "/" + model.version + " " + model.state +
              (model.reason.empty() ? "" : " " + model.reason) + "\n";
    return text;
  }

  Folder folder;
  Repository repository{std::size_t{1} << 30};
  std::optional<ModelControl> control;
  std::size_t failed = 0;
  std::atomic<int> told = 0;
};

TEST_F(Control, ServesTheVersionsOfThePolicy) {
  write_lookup("m/1/model.onnx", 1);
  write_lookup("m/2/net.onnx", 2);
  write_lookup("m/3/net.onnx", 3);
  folder.write("m/config.pbtxt",
               "default_model_filename: 'net.onnx' version_policy { latest { num_versions: 2 } }");
  start(ControlMode::kNone);
  EXPECT_EQ(failed, 0u);
  EXPECT_EQ(index(), "m/2 READY\nm/3 READY\n");
  EXPECT_EQ(first("m"), 3);
  EXPECT_EQ(first("m", 2), 2);
  EXPECT_EQ(first("m", 1), -1);
  EXPECT_TRUE(control->ready());
}

TEST_F(Control, KeepsTheReasonOfAFailureWithoutFolders) {
  folder.write("a/1/model.onnx", "no model");
  folder.write("b/1/model.onnx", lookup_bytes());
  folder.write("b/config.pbtxt", "nam: 'b'");
  folder.write("c/model.onnx", lookup_bytes());
  write_lookup("d/1/model.onnx");
  folder.write("e/1/labels.txt", "");
  start(ControlMode::kNone);
  EXPECT_EQ(failed, 4u);
  EXPECT_EQ(told, 4);
  EXPECT_FALSE(control->ready());
  const std::string list = index();
  EXPECT_NE(list.find("a/1 UNAVAILABLE model 'model.onnx': not an ONNX file"), std::string::npos)
      << list;
  EXPECT_NE(list.find("b/ UNAVAILABLE failed to load 'b': config.pbtxt:1:4: "), std::string::npos)
      << list;
  EXPECT_NE(list.find("c/ UNAVAILABLE failed to load 'c': the model has no version"),
            std::string::npos)
      << list;
  EXPECT_NE(list.find("d/1 READY\n"), std::string::npos) << list;
  EXPECT_NE(list.find("e/1 UNAVAILABLE the model has no file '1/model.onnx'"), std::string::npos)
      << list;
  EXPECT_EQ(list.find(folder.path().string()), std::string::npos) << list;
  EXPECT_EQ(index(true), "d/1 READY\n");
}

TEST_F(Control, LoadsAndUnloadsWhatIsAskedFor) {
  write_lookup("a/1/model.onnx", 1);
  write_lookup("b/1/model.onnx", 2);
  start(ControlMode::kExplicit, {.load_models = {"b"}});
  EXPECT_EQ(index(), "a/ \nb/1 READY\n");
  EXPECT_FALSE(control->load("a"));
  EXPECT_EQ(first("a"), 1);
  EXPECT_FALSE(control->unload("b"));
  EXPECT_FALSE(control->unload("b"));
  EXPECT_FALSE(control->unload("nothing"));
  EXPECT_EQ(index(), "a/1 READY\nb/1 UNAVAILABLE unloaded\n");
  EXPECT_EQ(first("b"), -1);
  EXPECT_FALSE(control->load("b"));
  EXPECT_EQ(first("b"), 2);
}

TEST_F(Control, IsNotReadyUntilTheModelsOfTheStartServe) {
  folder.write("a/1/model.onnx", "broken");
  start(ControlMode::kExplicit, {.load_models = {"a", "nothing"}});
  EXPECT_EQ(failed, 2u);
  EXPECT_FALSE(control->ready());
  EXPECT_TRUE(control->load("a"));
  EXPECT_FALSE(control->unload("nothing"));
  EXPECT_FALSE(control->ready());
  write_lookup("a/1/model.onnx");
  EXPECT_FALSE(control->load("a"));
  EXPECT_TRUE(control->ready());
}

TEST_F(Control, IsReadyWithoutModelsIfNotStrict) {
  folder.write("a/1/model.onnx", "broken");
  start(ControlMode::kNone, {.strict_readiness = false});
  EXPECT_EQ(failed, 1u);
  EXPECT_TRUE(control->ready());
}

TEST_F(Control, StartsWithAllOnRequest) {
  write_lookup("a/1/model.onnx");
  write_lookup("b/1/model.onnx");
  start(ControlMode::kExplicit, {.load_models = {"*"}});
  EXPECT_EQ(index(), "a/1 READY\nb/1 READY\n");
}

TEST_F(Control, RefusesRequestsInOtherModes) {
  write_lookup("a/1/model.onnx");
  start(ControlMode::kPoll);
  const auto failure = control->load("a");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, Code::kUnavailable);
  EXPECT_EQ(failure->message, "explicit model load / unload is not allowed if polling is enabled");
  EXPECT_TRUE(control->unload("a"));
  EXPECT_EQ(first("a"), 0);
}

TEST_F(Control, SaysWhatCannotBeLoaded) {
  write_lookup("a/1/model.onnx");
  start(ControlMode::kExplicit);
  const auto refused = [&](const std::string& name, Code code, const LoadRequest& request = {}) {
    const auto failure = control->load(name, request);
    EXPECT_TRUE(failure && failure->code == code) << name << (failure ? failure->message : "");
    return failure ? failure->message : "";
  };
  EXPECT_NE(refused("x", Code::kNotFound).find("failed to load 'x'"), std::string::npos);
  for (const char* name : {"", "..", "../a", "a/1", "a\n"}) refused(name, Code::kInvalidArgument);
  refused("a", Code::kInvalidArgument, {.config = "{"});
  refused("a", Code::kInvalidArgument, {.config = "{\"name\":\"b\"}"});
  refused("a", Code::kInvalidArgument, {.config = "{\"max_batch_size\":-1}"});
  refused("a", Code::kInvalidArgument, {.files = {{"1/model.onnx", lookup_bytes()}}});
  refused("a", Code::kInvalidArgument, {.config = "{}", .files = {{"../../x", lookup_bytes()}}});
  refused("u", Code::kInvalidArgument, {.config = "{}", .files = {{"1/model.onnx", "x"}}});
  EXPECT_NE(
      refused(
          "a", Code::kInvalidArgument,
          {.config =
               "{\"max_batch_size\":4,\"input\":[{\"name\":\"j\",\"data_type\":\"TYPE_INT64\"}]}"})
          .find("load failed for model 'a': version 1 is at UNAVAILABLE state: "),
      std::string::npos);
  EXPECT_EQ(first("a"), -1);
  EXPECT_TRUE(control->ready());  // nobody needs what requests could not load
  EXPECT_EQ(index().find("u/"), std::string::npos) << index();
}

TEST_F(Control, TakesConfigurationAndFilesFromARequest) {
  write_lookup("a/1/model.onnx", 1);
  start(ControlMode::kExplicit);
  EXPECT_FALSE(control->load("a", {.config = "{\"max_batch_size\":2}"}));
  Failure why;
  EXPECT_EQ(repository.find("a", {}, why)->config().max_batch_size(), 2);
  const LoadRequest files{
      .config =
          "{\"output\":[{\"name\":\"y\",\"data_type\":\"TYPE_FP32\",\"dims\":[-1,2],"
          "\"label_filename\":\"l.txt\"}]}",
      .files = {{"7/model.onnx", lookup_bytes(7)}, {"l.txt", "one\r\ntwo\n"}}};
  EXPECT_FALSE(control->load("a", files));
  EXPECT_EQ(first("a"), 7);
  EXPECT_EQ(repository.versions("a"), (std::vector<Index>{7}));
  const auto model = repository.find("a", {}, why);
  EXPECT_EQ(model->labels("y"), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(model->labels("x").empty());
  EXPECT_EQ(model->sha256().size(), 64u);
  EXPECT_FALSE(control->load("a"));
  EXPECT_EQ(first("a"), 1);
  EXPECT_FALSE(control->load("new", files));
  EXPECT_EQ(first("new"), 7);
  EXPECT_FALSE(control->unload("new"));
  EXPECT_EQ(index(), "a/1 READY\na/7 UNAVAILABLE unloaded\n");
  EXPECT_FALSE(repository.find("new", {}, why));
  EXPECT_EQ(why.message, "Request for unknown model: 'new' is not found");
}

TEST_F(Control, ABadVersionLeavesTheOldOne) {
  write_lookup("a/1/model.onnx", 1);
  start(ControlMode::kExplicit, {.load_models = {"a"}});
  folder.write("a/2/model.onnx", "broken");
  EXPECT_TRUE(control->load("a"));
  EXPECT_EQ(first("a"), 1);
  EXPECT_NE(index().find("a/1 READY\na/2 UNAVAILABLE model 'model.onnx': "), std::string::npos)
      << index();
  folder.write("a/1/model.onnx", "broken");
  folder.remove("a/2");
  EXPECT_TRUE(control->load("a"));
  EXPECT_EQ(first("a"), 1);
  EXPECT_NE(index().find("a/1 READY model 'model.onnx': "), std::string::npos) << index();
  EXPECT_TRUE(control->ready());
  write_lookup("a/3/model.onnx", 3);
  EXPECT_FALSE(control->load("a"));
  EXPECT_EQ(first("a"), 3);
  EXPECT_EQ(first("a", 1), -1);
}

TEST_F(Control, PollingFollowsTheFolders) {
  write_lookup("a/1/model.onnx", 1);
  write_lookup("b/1/model.onnx", 2);
  start(ControlMode::kPoll);
  Failure why;
  const auto untouched = repository.find("b", {}, why);
  write_lookup("a/2/model.onnx", 3);
  folder.write("c/1/model.onnx", "broken");
  control->poll();
  EXPECT_EQ(first("a"), 3);
  EXPECT_EQ(repository.find("b", {}, why), untouched);
  EXPECT_FALSE(control->ready());
  EXPECT_EQ(told, 1);
  control->poll();
  EXPECT_EQ(told, 1);  // what has not changed is not tried again
  folder.remove("b");
  write_lookup("c/1/model.onnx", 5);
  folder.write("a/config.pbtxt", "version_policy { specific { versions: 1 } }");
  control->poll();
  EXPECT_EQ(first("b"), -1);
  EXPECT_EQ(first("c"), 5);
  EXPECT_EQ(first("a"), 1);
  EXPECT_TRUE(control->ready());
  EXPECT_EQ(index(), "a/1 READY\na/2 UNAVAILABLE unloaded\nc/1 READY\n");
}

TEST_F(Control, PollsByItself) {
  write_lookup("a/1/model.onnx", 1);
  ControlOptions options{.repositories = {folder.path()}, .mode = ControlMode::kPoll};
  options.poll_interval = std::chrono::seconds(0);
  control.emplace(repository, options);
  EXPECT_EQ(control->start(), 0u);
  write_lookup("a/2/model.onnx", 2);
  while (first("a") != 2) std::this_thread::yield();
  control->stop();
}

TEST_F(Control, ServesModelsOfTheCommandLineBesideOthers) {
  write_lookup("a/1/model.onnx", 1);
  const Folder other;
  other.write("f.onnx", lookup_bytes(9));
  start(ControlMode::kExplicit, {.models = {{.file = other.path() / "f.onnx", .name = "f"}}});
  EXPECT_EQ(first("f"), 9);
  EXPECT_EQ(index(), "a/ \nf/1 READY\n");
  EXPECT_FALSE(control->unload("f"));
  EXPECT_EQ(first("f"), -1);
  EXPECT_FALSE(control->load("f"));
  EXPECT_EQ(first("f"), 9);
  ControlOptions twice{.repositories = {folder.path()},
                       .models = {{.file = other.path() / "f.onnx", .name = "a"}}};
  EXPECT_THROW(ModelControl(repository, twice), Error);
}

// Requests go on while the model is loaded again and again, and its neighbour comes and goes.
TEST_F(Control, NoRequestFailsWhileModelsAreLoaded) {
  write_lookup("a/1/model.onnx", 1);
  write_lookup("b/1/model.onnx", 1);
  start(ControlMode::kExplicit, {.load_models = {"a"}});
  std::atomic<bool> done = false;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      Failure why;
      while (!done) {
        auto model = repository.find("a", {}, why);
        ASSERT_TRUE(model) << why.message;
        std::promise<Response> answer;
        repository.submit(model, {}, lookup({1}),
                          [&](Response response) { answer.set_value(std::move(response)); });
        const Response response = answer.get_future().get();
        ASSERT_FALSE(response.failure) << response.failure->message;
        ++good;
      }
    });
  threads.emplace_back([&] {
    while (!done) {
      control->load("b");
      control->unload("b");
      control->index(false);
    }
  });
  for (int i = 0; i < 6; ++i) {
    const int before = good;
    folder.write(i % 2 ? "a/2/model.onnx" : "a/1/model.onnx", lookup_bytes(float(i)));
    EXPECT_FALSE(control->load("a"));
    if (i % 2) folder.remove("a/2");
    while (good == before && !HasFailure()) std::this_thread::yield();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

// Two loads of a model, one of which cannot see the other's half.
TEST_F(Control, LoadsOfAModelWaitForEachOther) {
  write_lookup("a/1/model.onnx", 1);
  start(ControlMode::kExplicit);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 5; ++k) {
        EXPECT_FALSE(control->load("a"));
        EXPECT_FALSE(control->load(
            "n", {.config = "{}", .files = {{"1/model.onnx", lookup_bytes(float(i))}}}));
        EXPECT_FALSE(control->unload("n"));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(index(), "a/1 READY\n");
}

TEST_F(Control, RunsJobsInOrderAndRefusesTooMany) {
  start(ControlMode::kExplicit);
  std::promise<void> open;
  std::atomic<int> ran = 0;
  ASSERT_TRUE(control->post([&, opened = open.get_future().share()] {
    opened.wait();
    EXPECT_EQ(ran++, 0);
  }));
  int taken = 0;
  while (control->post([&, taken] { EXPECT_EQ(ran++, taken + 1); })) ++taken;
  EXPECT_GE(taken, 63);
  EXPECT_LE(taken, 64);
  open.set_value();
  control.reset();
  EXPECT_EQ(ran, taken + 1);
}

}  // namespace
}  // namespace engine::serve
