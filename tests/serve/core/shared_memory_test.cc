#include "serve/core/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <array>

namespace engine::serve {
namespace {

// A shared memory object of a client.
class Object {
 public:
  explicit Object(std::size_t bytes) : key_("/engine_test_" + std::to_string(::getpid())) {
    descriptor_ = ::shm_open(key_.c_str(), O_RDWR | O_CREAT, 0600);
    resize(bytes);
  }
  ~Object() {
    ::close(descriptor_);
    ::shm_unlink(key_.c_str());
  }
  void resize(std::size_t bytes) {
    EXPECT_EQ(::ftruncate(descriptor_, static_cast<off_t>(bytes)), 0);
  }
  std::size_t size() const { return static_cast<std::size_t>(::lseek(descriptor_, 0, SEEK_END)); }
  const std::string& key() const { return key_; }

 private:
  std::string key_;
  int descriptor_;
};

constexpr std::array kBytes = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

TEST(SharedMemory, ReadsWhatWasWritten) {
  Object object(64);
  SharedMemory memory;
  ASSERT_FALSE(memory.add({"r", object.key(), 16, 32}));
  EXPECT_FALSE(memory.write({"r", 4, 4}, kBytes, "y"));
  std::array<std::byte, 4> got{};
  EXPECT_FALSE(memory.read({"r", 4, 4}, got));
  EXPECT_EQ(got, kBytes);
  SharedMemory another;
  ASSERT_FALSE(another.add({"all", object.key().substr(1), 0, 64}));  // without the slash
  EXPECT_FALSE(another.read({"all", 20, 4}, got));
  EXPECT_EQ(got, kBytes);
}

TEST(SharedMemory, RefusesRangesThatAreNot) {
  Object object(64);
  SharedMemory memory;
  const SharedRegion bad[] = {{"", object.key(), 0, 8},
                              {"r", "", 0, 8},
                              {"r", "/../etc/passwd", 0, 8},
                              {"r", "/..", 0, 8},
                              {"r", "/engine_no_such_object", 0, 8},
                              {"r", object.key(), 0, 0},
                              {"r", object.key(), 0, 65},
                              {"r", object.key(), 60, 5},
                              {"r", object.key(), ~std::uint64_t{0}, 2},
                              {"r", object.key(), 2, ~std::uint64_t{0}}};
  for (const SharedRegion& region : bad) {
    const auto failure = memory.add(region);
    ASSERT_TRUE(failure) << region.key << " " << region.offset << " " << region.byte_size;
    EXPECT_EQ(failure->code, Code::kInvalidArgument);
    EXPECT_EQ(failure->message.find(object.key()), std::string::npos) << "the key is a secret";
  }
  ASSERT_FALSE(memory.add({"r", object.key(), 32, 32}));
  EXPECT_EQ(memory.add({"r", object.key(), 0, 8})->code, Code::kAlreadyExists);
  EXPECT_EQ(memory.check({"s", 0, 1})->code, Code::kNotFound);
  EXPECT_FALSE(memory.check({"r", 0, 32}));
  for (const SharedRange& range :
       {SharedRange{"r", 0, 33}, SharedRange{"r", 32, 1}, SharedRange{"r", ~std::uint64_t{0}, 2}})
    EXPECT_EQ(memory.check(range)->code, Code::kInvalidArgument);
  EXPECT_EQ(memory.write({"r", 0, 2}, kBytes, "y")->code, Code::kInternal);
}

TEST(SharedMemory, AnOwnerMayShrinkIt) {
  Object object(4096);
  SharedMemory memory;
  ASSERT_FALSE(memory.add({"r", object.key(), 0, 4096}));
  object.resize(16);
  std::array<std::byte, 32> got{};
  EXPECT_TRUE(memory.read({"r", 0, 32}, got));
  EXPECT_TRUE(memory.read({"r", 4000, 32}, got));
  EXPECT_TRUE(memory.write({"r", 14, 4}, kBytes, "y"));
  EXPECT_FALSE(memory.write({"r", 12, 4}, kBytes, "y"));
  EXPECT_EQ(object.size(), 16u) << "a write must not make it grow";
}

TEST(SharedMemory, ListsAndForgets) {
  Object object(64);
  SharedMemory memory;
  ASSERT_FALSE(memory.add({"b", object.key(), 0, 8}));
  ASSERT_FALSE(memory.add({"a", object.key(), 8, 8}));
  std::optional<Failure> why;
  EXPECT_EQ(memory.list("", why).size(), 2u);
  EXPECT_EQ(memory.list("a", why).at(0).offset, 8u);
  EXPECT_FALSE(why);
  memory.remove("a");
  EXPECT_TRUE(memory.list("a", why).empty());
  EXPECT_EQ(why->code, Code::kNotFound);
  memory.remove("");
  why.reset();
  EXPECT_TRUE(memory.list("", why).empty());
  EXPECT_FALSE(why);
}

}  // namespace
}  // namespace engine::serve
