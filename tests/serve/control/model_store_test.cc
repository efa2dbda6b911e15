#include "serve/control/model_store.h"

#include "tests/serve/control/folder.h"

#include <engine/error.h>

#include <gtest/gtest.h>

namespace engine::serve {
namespace {

namespace fs = std::filesystem;
using test::Folder;
using Versions = std::vector<Index>;

template <class F>
std::string refusal(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ModelStore, HasTheFoldersOfModels) {
  const Folder a, b;
  a.write("x/1/model.onnx", "");
  a.write(".git/config", "");
  a.write("file", "");
  b.write("y-1.2/config.pbtxt", "");
  const ModelStore store({a.path(), b.path()}, "");
  EXPECT_EQ(store.names(), (std::vector<std::string>{"x", "y-1.2"}));
  EXPECT_NE(store.find("x"), nullptr);
  for (const char* name : {"z", "file", "", ".", "..", "../x", "x/1", "x\n", ".git"})
    EXPECT_EQ(store.find(name), nullptr) << name;
}

TEST(ModelStore, KnowsOneModelOfAName) {
  const Folder a, b;
  a.write("x/1/model.onnx", "");
  b.write("x/1/model.onnx", "");
  const ModelStore store({a.path(), b.path()}, "");
  EXPECT_EQ(refusal([&] { store.find("x"); }), "model 'x' is in several model repositories");
  EXPECT_EQ(store.names().size(), 1u);
  EXPECT_THROW(ModelStore({a.path() / "nothing"}, ""), Error);
  EXPECT_THROW(ModelStore({a.path()}, "../x"), Error);
}

TEST(ModelStore, ReadsTheNamedConfigurationIfItIsThere) {
  const Folder folder;
  folder.write("x/config.pbtxt", "max_batch_size: 1");
  folder.write("x/configs/big.pbtxt", "max_batch_size: 64");
  folder.write("y/config.pbtxt", "max_batch_size: 2");
  const ModelStore plain({folder.path()}, ""), big({folder.path()}, "big");
  const auto size = [](const ModelStore& store, const std::string& name) {
    return store.config(name, *store.find(name)).max_batch_size();
  };
  EXPECT_EQ(size(plain, "x"), 1);
  EXPECT_EQ(size(big, "x"), 64);
  EXPECT_EQ(size(big, "y"), 2);
}

TEST(ModelStore, RefusesConfigurationsOfOthers) {
  const Folder folder;
  folder.write("x/config.pbtxt", "name: 'y'");
  const ModelStore store({folder.path()}, "");
  EXPECT_EQ(refusal([&] { store.config("x", *store.find("x")); }),
            "config.pbtxt is of model 'y', but the model is 'x'");
  folder.write("x/config.pbtxt", std::string(2 << 20, ' '));
  EXPECT_EQ(refusal([&] { store.config("x", *store.find("x")); }),
            "'config.pbtxt' has 2097152 bytes (at most 1048576)");
}

TEST(ModelStore, ChoosesVersionsByThePolicy) {
  const Folder folder;
  for (const char* version : {"1", "2", "10", "03", "-4", "v5", "0", "99999999999999999999"})
    folder.write("x/" + std::string(version) + "/model.onnx", "");
  folder.write("x/7", "no folder");
  const ModelStore store({folder.path()}, "");
  const auto chosen = [&](const std::string& policy) {
    const std::string text = policy.empty() ? "" : "version_policy { " + policy + " }";
    return chosen_versions(config_of(text, "config.pbtxt", "x"), *store.find("x"));
  };
  EXPECT_EQ(chosen(""), (Versions{10}));
  EXPECT_EQ(chosen("latest { num_versions: 2 }"), (Versions{2, 10}));
  EXPECT_EQ(chosen("latest { num_versions: 9 }"), (Versions{1, 2, 10}));
  EXPECT_EQ(chosen("all {}"), (Versions{1, 2, 10}));
  EXPECT_EQ(chosen("specific { versions: [ 2, 7, 1 ] }"), (Versions{1, 2}));
  EXPECT_EQ(refusal([&] { chosen("specific { versions: 8 }"); }),
            "the model has none of the versions of its version_policy");
}

TEST(ModelStore, SaysWhereAModelWithoutVersionsGoes) {
  const Folder folder;
  folder.write("x/model.onnx", "");
  folder.write("y/config.pbtxt", "");
  const ModelStore store({folder.path()}, "");
  EXPECT_NE(refusal([&] {
              chosen_versions({}, *store.find("x"));
            }).find("move model.onnx to 1/model.onnx"),
            std::string::npos);
  EXPECT_NE(refusal([&] { chosen_versions({}, *store.find("y")); }).find("such as 1/model.onnx"),
            std::string::npos);
}

TEST(ModelFiles, StayInTheRepository) {
  const Folder folder, other;
  other.write("secret", "secret");
  folder.write("shared/labels.txt", "shared");
  folder.write("x/1/model.onnx", "");
  fs::create_symlink(other.path() / "secret", folder.path() / "x" / "away");
  fs::create_symlink("../shared/labels.txt", folder.path() / "x" / "inside");
  fs::create_directory_symlink(other.path(), folder.path() / "x" / "2");
  fs::create_directory_symlink(other.path(), folder.path() / "y");
  ASSERT_EQ(::mkfifo((folder.path() / "x" / "pipe").c_str(), 0600), 0);
  const auto files = files_in_folder(folder.path(), folder.path() / "x");
  EXPECT_EQ(files->read("inside", 100), "shared");
  EXPECT_EQ(refusal([&] { files->read("away", 100); }),
            "'away' is a link that leaves the model repository");
  EXPECT_EQ(refusal([&] { files->path("2/secret"); }),
            "'2/secret' is a link that leaves the model repository");
  EXPECT_EQ(refusal([&] { files->read("pipe", 100); }), "'pipe' is no regular file");
  EXPECT_EQ(refusal([&] { files->read("1", 100); }), "'1' is no regular file");
  EXPECT_EQ(refusal([&] { files->read("nothing", 100); }), "the model has no file 'nothing'");
  for (const char* name : {"../shared/labels.txt", "..", "", "/etc/passwd", "1/../inside", "1//x"})
    EXPECT_NE(refusal([&] { files->read(name, 100); }).find("is no name of a model's file"),
              std::string::npos)
        << name;
  EXPECT_EQ(refusal([&] { files_in_folder(folder.path(), folder.path() / "y"); }),
            "folder 'y' is a link that leaves the model repository");
}

TEST(ModelFiles, ChangeTheirStampWithTheirVersion) {
  const Folder folder;
  folder.write("x/1/model.onnx", "a");
  folder.write("x/2/model.onnx", "a");
  const auto files = files_in_folder(folder.path(), folder.path() / "x");
  const std::string one = files->stamp(1), two = files->stamp(2);
  folder.write("x/2/model.onnx", "b");
  EXPECT_EQ(files->stamp(1), one);
  EXPECT_NE(files->stamp(2), two);
  folder.write("x/labels.txt", "b");
  EXPECT_NE(files->stamp(1), one);
}

TEST(ModelFiles, MayBeInMemory) {
  const auto files = files_in_memory({{"1/model.onnx", "abc"}, {"12/model.onnx", ""}, {"l", "x"}});
  EXPECT_EQ(files->versions(), (Versions{1, 12}));
  EXPECT_EQ(files->read("1/model.onnx", 3), "abc");
  EXPECT_FALSE(files->path("1/model.onnx"));
  EXPECT_THROW(files->read("1/model.onnx", 2), Error);
  EXPECT_THROW(files->read("2/model.onnx", 9), Error);
  for (const char* name : {"../../x", "1/2/3", "", "/x", "1/..", "a\\b"})
    EXPECT_THROW(files_in_memory({{name, ""}}), Error) << name;
}

}  // namespace
}  // namespace engine::serve
