// External data: what is read, and every trick that must not lead out of the folder.
#include "loaders/onnx/external_data.h"

#include "loaders/onnx/tensor.h"
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace engine::onnx::test {
namespace {

namespace fs = std::filesystem;
using Entries = std::vector<std::pair<std::string, std::string>>;

class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "engine_external_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(folder() / "sub");
    write(folder() / "w.bin", "0123456789abcdef");
    write(folder() / "sub" / "v.bin", "sub!");
    write(root_ / "secret", "secret data here");
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path folder() const { return root_ / "model"; }
  static void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }

  std::string read(const Entries& entries, int count = 4, int type = pb::TensorProto::INT8) {
    pb::TensorProto proto;
    proto.set_data_type(type);
    proto.add_dims(count);
    proto.set_data_location(pb::TensorProto::EXTERNAL);
    for (const auto& [key, value] : entries) {
      auto& entry = *proto.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    const ExternalFolder where(folder());
    const Tensor tensor = TensorReader(1 << 20, &where).read(proto);
    return {static_cast<const char*>(tensor.data()), tensor.bytes()};
  }
  void expect_refused(const Entries& entries, const char* part) {
    const std::string message = error_of([&] { read(entries); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_EQ(message.find(root_.string()), std::string::npos) << message;
  }

  fs::path root_;
};

TEST_F(ExternalData, RangesAndFolders) {
  EXPECT_EQ(read({{"location", "w.bin"}, {"offset", "10"}, {"length", "4"}}), "abcd");
  EXPECT_EQ(read({{"location", "w.bin"}, {"offset", "12"}}), "cdef");
  EXPECT_EQ(read({{"location", "./sub//v.bin"}, {"checksum", "unchecked"}}), "sub!");
  EXPECT_EQ(read({{"location", "w.bin"}, {"length", "2"}}, 4, pb::TensorProto::UINT4),
            std::string("\0\3\1\3", 4));
}

TEST_F(ExternalData, PathsOutOfTheFolder) {
  expect_refused({{"location", "../secret"}}, "'..'");
  expect_refused({{"location", "sub/../../secret"}}, "'..'");
  expect_refused({{"location", "/etc/hostname"}}, "is absolute");
  expect_refused({{"location", std::string("w.bin\0x", 7)}}, "zero byte");
  expect_refused({{"location", ""}}, "no location");
  expect_refused({}, "no location");
}

TEST_F(ExternalData, Links) {
  fs::create_symlink(root_ / "secret", folder() / "link");
  fs::create_symlink(folder() / "w.bin", folder() / "inner_link");
  fs::create_directory_symlink(root_, folder() / "up");
  fs::create_hard_link(root_ / "secret", folder() / "hard");
  expect_refused({{"location", "link"}}, "symbolic link");
  expect_refused({{"location", "inner_link"}}, "symbolic link");
  expect_refused({{"location", "up/secret"}}, "symbolic link");
  expect_refused({{"location", "hard"}}, "2 hard links");
}

TEST_F(ExternalData, OnlyRegularFiles) {
  ASSERT_EQ(::mkfifo((folder() / "fifo").c_str(), 0600), 0);
  expect_refused({{"location", "fifo"}}, "not a regular file");
  expect_refused({{"location", "sub"}}, "not a regular file");
  expect_refused({{"location", "w.bin/deeper"}}, "is missing");
  expect_refused({{"location", "nothing"}}, "is missing");
}

TEST_F(ExternalData, Numbers) {
  const auto with = [](const char* key, const char* value) {
    return Entries{{"location", "w.bin"}, {key, value}};
  };
  expect_refused(with("offset", "-1"), "not a non-negative number");
  expect_refused(with("offset", "9223372036854775808"), "not a non-negative number");
  expect_refused(with("offset", "9223372036854775807"), "> file size 16");
  expect_refused(with("offset", "1e3"), "not a non-negative number");
  expect_refused(with("length", "17"), "> file size 16");
  expect_refused(with("length", "8"), "length 8");
  expect_refused({{"location", "w.bin"}, {"offset", "9223372036854775807"}, {"length", "4"}},
                 "overflows");
}

TEST_F(ExternalData, Keys) {
  expect_refused({{"location", "w.bin"}, {"basepath", "/"}}, "unknown key 'basepath'");
  expect_refused({{"location", "w.bin"}, {"location", "secret"}}, "appears twice");
}

}  // namespace
}  // namespace engine::onnx::test
