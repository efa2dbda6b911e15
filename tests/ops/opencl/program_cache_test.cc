// The program cache: what is damaged is built again, and no driver sees it.
#include "ops/opencl/runtime/program_cache.h"

#include "ops/opencl/faulty_api.h"
#include "ops/opencl/runtime/device.h"
#include "ops/opencl/small_models.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace engine::test {
namespace {

namespace fs = std::filesystem;
using opencl::CachedProgram;
using opencl::ProgramCache;

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

const CachedProgram kProgram = {std::string("\0binary\n\xff", 9), {"kernel 1x1x1", "other 16x1x1"}};

TEST(ProgramCache, GivesBackWhatItStored) {
  const OwnCache folder;
  const ProgramCache cache("name", "identity");
  EXPECT_FALSE(cache.load());
  cache.store(kProgram);
  const auto loaded = cache.load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->binary, kProgram.binary);
  EXPECT_EQ(loaded->launches, kProgram.launches);
}

TEST(ProgramCache, RefusesEveryFlippedBitAndEveryLength) {
  const OwnCache folder;
  const ProgramCache cache("name", "identity");
  cache.store(kProgram);
  const std::string good = bytes_of(cache.file());
  for (std::size_t i = 0; i < 8 * good.size(); ++i) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ 1 << i % 8);
    write(cache.file(), bad);
    EXPECT_FALSE(cache.load()) << "bit " << i;
  }
  for (std::size_t length = 0; length < good.size(); ++length) {
    write(cache.file(), good.substr(0, length));
    EXPECT_FALSE(cache.load()) << length << " bytes";
  }
  write(cache.file(), good + "x");
  EXPECT_FALSE(cache.load());
  cache.store(kProgram);
  EXPECT_TRUE(cache.load());
}

// With a checksum that fits: what another version or another hand may have written.
TEST(ProgramCache, RefusesContentsThatDoNotAddUp) {
  const OwnCache folder;
  const ProgramCache cache("name", "identity"), other("name", "another source");
  EXPECT_NE(cache.file(), other.file());
  other.store(kProgram);
  fs::rename(other.file(), cache.file());
  EXPECT_FALSE(cache.load());
  const std::string identity = "00000000000000ff\n";
  for (const std::string& content :
       {std::string(), identity, identity + "-1\nbinary", identity + "2\nkernel\n",
        identity + "99999999999999999999\nbinary", identity + "1x\nkernel\nbinary",
        identity + "1\nkernel\n"})
    EXPECT_FALSE(opencl::parse_cache(opencl::cache_seal(content) + content, 0xff)) << content;
  const std::string good = identity + "1\nkernel\nbinary";
  EXPECT_TRUE(opencl::parse_cache(opencl::cache_seal(good) + good, 0xff));
}

TEST(ProgramCache, LivesWithoutAFile) {
  const OwnCache folder;
  const ProgramCache cache("name", "identity");
  fs::create_directories(cache.file());  // in its place
  EXPECT_FALSE(cache.load());
  cache.store(kProgram);
  EXPECT_FALSE(cache.load());
  EXPECT_EQ(folder.files().size(), 1u) << "a file is left over";
  fs::remove_all(cache.file().parent_path());
  write(cache.file().parent_path(), "a file where the folder should be");
  cache.store(kProgram);
  EXPECT_FALSE(cache.load());
}

class OpenClCache : public testing::Test {
 protected:
  void SetUp() override {
    if (opencl::Device::list().empty()) GTEST_SKIP() << "no OpenCL device (scripts/setup opencl)";
  }
  struct Counts {
    int built, loaded;
  };
  // As a process of its own would: no device is left from before.
  static Counts run(const Model& model) {
    FaultyApi api;
    {
      Attempt attempt(model);
      EXPECT_EQ(attempt.go(), "");
      EXPECT_EQ(attempt.output(), wanted_output(model));
    }
    return {api.count("clCreateProgramWithSource"), api.count("clCreateProgramWithBinary")};
  }
};

TEST_F(OpenClCache, SparesTheNextProcessTheCompiler) {
  const OwnCache folder;
  const Model model = small_mlp();
  const Counts first = run(model), second = run(model);
  EXPECT_GT(first.built, 0);
  EXPECT_EQ(first.loaded, 0);
  EXPECT_EQ(second.built, 0);
  EXPECT_EQ(second.loaded, first.built);
}

TEST_F(OpenClCache, ShowsNoDamageToTheDriver) {
  const OwnCache folder;
  const Model model = small_mlp();
  const Counts first = run(model);
  std::size_t part = 0;
  for (const std::string& file : folder.files()) {
    std::string bytes = bytes_of(file);
    // Another place in each: the head, the binary, its end.
    const std::size_t at[] = {20, bytes.size() / 2, bytes.size() - 1};
    bytes[at[part % 3]] = static_cast<char>(bytes[at[part % 3]] ^ 4);
    if (part++ % 4 == 3) bytes.resize(bytes.size() / 2);
    write(file, bytes);
  }
  const Counts second = run(model), third = run(model);
  EXPECT_EQ(second.loaded, 0);
  EXPECT_EQ(second.built, first.built);
  EXPECT_EQ(third.built, 0);
}

TEST_F(OpenClCache, IsNotNeeded) {
  const OwnCache folder;
  write(folder.path() + "/engine", "no folder can be made here");
  const Counts first = run(small_mlp()), second = run(small_mlp());
  EXPECT_EQ(second.built, first.built);
}

}  // namespace
}  // namespace engine::test
