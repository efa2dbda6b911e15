#include "serve/config/config_text.h"
#include "serve/core/repository.h"
#include "tests/serve/control/folder.h"
#include "tests/serve/core/serving.h"

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

using test::Folder;

// A folder with the lookup model, whose indices are those of a table of 4 rows.
struct Warming {
  Folder folder;
  Repository repository{std::size_t{1} << 30};

  // The message of the failure; "" if the model is ready.
  std::string load(const std::string& config) {
    folder.write("m/1/model.onnx", test::lookup_bytes());
    try {
      repository.load(
          {.file = "1/model.onnx",
           .name = "m",
           .config = std::make_shared<inference::ModelConfig>(parse_config(config, "config.pbtxt")),
           .files = files_in_folder(folder.path(), folder.path() / "m")});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string sample(const std::string& input, const std::string& more = "") {
    return load("max_batch_size: 8 model_warmup { name: 's' inputs { key: 'i' value { " + input +
                " } } " + more + " }");
  }
};

const std::string kType = "data_type: TYPE_INT64 ";

TEST(WarmUp, RunsSamplesBeforeTheModelIsReady) {
  Warming w;
  EXPECT_EQ(w.sample(kType + "zero_data: true"), "");
  EXPECT_EQ(w.sample(kType + "random_data: true", "batch_size: 8 count: 3"), "");
  w.folder.write("m/warmup/three", std::string("\3\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(w.sample(kType + "input_data_file: 'three'", "batch_size: 5"), "");
  Failure why;
  EXPECT_EQ(w.repository.find("m", {}, why)->batcher().statistics().inference_count, 0u);
}

TEST(WarmUp, FailsTheModelIfASampleDoes) {
  Warming w;
  w.folder.write("m/warmup/four", std::string("\4\0\0\0\0\0\0\0", 8));
  EXPECT_NE(w.sample(kType + "input_data_file: 'four'").find("model_warmup 's': "),
            std::string::npos);
  Failure why;
  EXPECT_EQ(w.repository.find("m", {}, why), nullptr);
}

TEST(WarmUp, RefusesSamplesThatDoNotFit) {
  Warming w;
  w.folder.write("m/warmup/short", "abc");
  const std::pair<std::string, const char*> kBad[] = {
      {w.sample("data_type: TYPE_INT32"),
       "is TYPE_INT64 in the model, but has data_type TYPE_INT32"},
      {w.sample(kType + "dims: 2"), "unexpected shape for input 'i'"},
      {w.sample(kType + "dims: -1"), "extent -1"},
      {w.sample(kType + "dims: [ 4611686018427387904, 4611686018427387904 ]"), "larger than"},
      {w.sample(kType, "batch_size: 9"), "batch_size 9 (at most 8)"},
      {w.sample(kType, "count: 4000000000"), "count 4000000000 (at most 10000)"},
      {w.sample(kType + "input_data_file: '../config.pbtxt'"), "which is no plain name"},
      {w.sample(kType + "input_data_file: 'short'"), "3 bytes, but takes 8"},
      {w.sample(kType + "input_data_file: 'none'"), "the model has no file 'warmup/none'"},
      {w.load("model_warmup { inputs { key: 'j' value { data_type: TYPE_INT64 } } }"),
       "'j' of model_warmup '' is none of the model's"},
      {w.load("model_warmup { name: 's' }"), "missing required input(s) ['i']"},
  };
  for (const auto& [message, part] : kBad)
    EXPECT_NE(message.find(part), std::string::npos) << message << "\n" << part;
}

TEST(Labels, AreTheLinesOfAFile) {
  Warming w;
  w.folder.write("m/labels.txt", "one\n\ntwo\r\nthree");
  const std::string output = "output { name: 'y' data_type: TYPE_FP32 dims: [ -1, 2 ] ";
  EXPECT_EQ(w.load(output + "label_filename: 'labels.txt' }"), "");
  Failure why;
  EXPECT_EQ(w.repository.find("m", {}, why)->labels("y"),
            (std::vector<std::string>{"one", "", "two", "three"}));
  EXPECT_EQ(w.load(output + "label_filename: 'other.txt' }"), "the model has no file 'other.txt'");
}

}  // namespace
}  // namespace engine::serve
