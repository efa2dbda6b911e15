// Our onnx.proto against the one of Debian's libonnx-dev: the same fields under the same numbers.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace {

namespace pb = google::protobuf;
namespace fs = std::filesystem;

// What protoc says about a file; null without protoc.
const pb::FileDescriptor* describe(pb::DescriptorPool& pool, const fs::path& folder) {
  const std::string command = "protoc -I" + folder.string() + " -o /dev/stdout onnx.proto";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string bytes;
  char part[4096];
  while (const std::size_t count = pipe ? std::fread(part, 1, sizeof part, pipe.get()) : 0)
    bytes.append(part, count);
  pb::FileDescriptorSet files;
  return files.ParseFromString(bytes) && files.file_size() == 1 ? pool.BuildFile(files.file(0))
                                                                : nullptr;
}

class Descriptor : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/include/onnx/onnx.proto"))
      GTEST_SKIP() << "/usr/include/onnx/onnx.proto is not there (libonnx-dev)";
    ours_ = describe(our_pool_, fs::path(ENGINE_SOURCE_DIR) / "src/loaders/onnx");
    if (!ours_) GTEST_SKIP() << "protoc is not there (protobuf-compiler)";
    theirs_ = describe(their_pool_, "/usr/include/onnx");
    ASSERT_TRUE(theirs_);
  }

  // Fields that are newer than their file have neither a name nor a number there.
  void compare(const pb::Descriptor& ours, const pb::Descriptor& theirs) {
    for (int i = 0; i < ours.field_count(); ++i) {
      const pb::FieldDescriptor& field = *ours.field(i);
      const pb::FieldDescriptor* other = theirs.FindFieldByNumber(field.number());
      EXPECT_EQ(other, theirs.FindFieldByName(field.name())) << field.full_name();
      if (!other) continue;
      ++compared_;
      EXPECT_EQ(field.name(), other->name());
      EXPECT_EQ(field.type(), other->type()) << field.full_name();
      EXPECT_EQ(field.label(), other->label()) << field.full_name();
      EXPECT_EQ(field.is_packed(), other->is_packed()) << field.full_name();
      EXPECT_EQ(!field.containing_oneof(), !other->containing_oneof()) << field.full_name();
    }
    for (int i = 0; i < ours.enum_type_count(); ++i) compare(*ours.enum_type(i), theirs);
    for (int i = 0; i < ours.nested_type_count(); ++i) {
      const pb::Descriptor& nested = *ours.nested_type(i);
      if (const auto* other = theirs.FindNestedTypeByName(nested.name())) compare(nested, *other);
    }
  }

  void compare(const pb::EnumDescriptor& ours, const pb::Descriptor& owner) {
    const pb::EnumDescriptor* theirs = owner.FindEnumTypeByName(ours.name());
    ASSERT_TRUE(theirs) << ours.full_name();
    for (int i = 0; i < ours.value_count(); ++i) {
      const auto* other = theirs->FindValueByNumber(ours.value(i)->number());
      EXPECT_EQ(other, theirs->FindValueByName(ours.value(i)->name()))
          << ours.value(i)->full_name();
    }
  }

  pb::DescriptorPool our_pool_, their_pool_;
  const pb::FileDescriptor* ours_ = nullptr;
  const pb::FileDescriptor* theirs_ = nullptr;
  int compared_ = 0;
};

TEST_F(Descriptor, FieldsAgree) {
  for (int i = 0; i < ours_->message_type_count(); ++i) {
    const pb::Descriptor& message = *ours_->message_type(i);
    const pb::Descriptor* theirs = theirs_->FindMessageTypeByName(message.name());
    ASSERT_TRUE(theirs) << message.name();
    compare(message, *theirs);
  }
  EXPECT_GT(compared_, 70);
}

TEST_F(Descriptor, PackageIsOurOwn) { EXPECT_NE(ours_->package(), theirs_->package()); }

}  // namespace
