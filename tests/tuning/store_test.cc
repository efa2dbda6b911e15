// The file of choices: what is written is read, what is damaged or hostile is left out with a
// reason, and writers lose nothing of each other's.
#include "tuning/store.h"

#include <engine/error.h>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace engine::tuning {
namespace {

namespace fs = std::filesystem;

class Store : public testing::Test {
 protected:
  Store() {
    std::string name = (fs::temp_directory_path() / "engine_store_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    file_ = folder_ / "deep" / "tuning.txt";
  }
  ~Store() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void write(const std::string& text) const {
    fs::create_directories(file_.parent_path());
    std::ofstream(file_, std::ios::binary) << text;
  }
  std::string read() const {
    std::ostringstream text;
    text << std::ifstream(file_).rdbuf();
    return text.str();
  }
  // The head of a file that this machine takes.
  std::string head() const {
    save_entries(file_, {});
    return read();
  }
  void expect_left_out(const std::string& text, const std::string& why) const {
    write(text);
    const StoredEntries stored = load_entries(file_);
    EXPECT_TRUE(stored.entries.empty());
    EXPECT_NE(stored.remark.find(why), std::string::npos) << stored.remark;
    EXPECT_NE(stored.remark.find("tuning.txt"), std::string::npos) << stored.remark;
  }

  fs::path folder_, file_;
};

const Entries kTwo = {{"conv 1x2 to 3", {{{"pixels", 7}, {"images", -1}}, 5, 1.25}},
                      {"other", {{}, 9, 1}}};

TEST_F(Store, ReadsWhatItWrote) {
  save_entries(file_, kTwo);
  const StoredEntries stored = load_entries(file_);
  EXPECT_EQ(stored.remark, "");
  ASSERT_EQ(stored.entries.size(), 2u);
  const Entry& entry = stored.entries.at("conv 1x2 to 3");
  EXPECT_EQ(entry.choice, (ops::Choice{{"pixels", 7}, {"images", -1}}));
  EXPECT_EQ(entry.steps, 5);
  EXPECT_EQ(entry.speedup, 1.25);
  EXPECT_EQ(table_of(stored.entries).size(), 1u);  // the other has its defaults
}

TEST_F(Store, AddsToWhatIsThere) {
  save_entries(file_, kTwo);
  save_entries(file_, {{"other", {{{"slice", 4}}, 2, 1}}, {"third", {}}});
  const Entries entries = load_entries(file_).entries;
  EXPECT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries.at("other").steps, 2);
}

TEST_F(Store, NoFileIsNoRemark) {
  const StoredEntries stored = load_entries(file_);
  EXPECT_TRUE(stored.missing);
  EXPECT_EQ(stored.remark, "");
  EXPECT_TRUE(load_entries({}).missing);
}

TEST_F(Store, DamageIsNamed) {
  const std::string start = head();
  expect_left_out("", "first line");
  expect_left_out("engine tuning 2\ncpu x\n", "first line");
  expect_left_out("engine tuning 1\n", "second line");
  expect_left_out("engine tuning 1\ncpu Abacus 3000\n", "Abacus");
  expect_left_out(start + "layer 3 1.0\n", "line 3");
  expect_left_out(start + "good | 1 1\nlayer | x 1.0\n", "line 4");
  expect_left_out(start + "layer | 3 nan\n", "line 3");
  expect_left_out(start + "layer | 3 -1\n", "line 3");
  expect_left_out(start + "layer | 3 1.0 pixels\n", "'=' is missing");
  expect_left_out(start + "layer | 3 1.0 Pix\x1b=1\n", "no name");
  expect_left_out(start + "layer | 3 1.0 pixels=1e3\n", "no number");
  expect_left_out(start + "layer | 3 1.0 pixels=99999999999999999999\n", "no number");
  expect_left_out(start + "\x1b[2J | 3 1.0\n", "no layer");
  expect_left_out(start + std::string(400, 'x') + " | 3 1.0\n", "no layer");
}

TEST_F(Store, HugeFilesAreNotTaken) {
  const std::string start = head();
  expect_left_out(start + std::string(2 << 20, 'x'), "more than 1048576 bytes");
  std::string many = start;
  for (int i = 0; i < 5000; ++i) many += std::to_string(i) + " | 1 1\n";
  expect_left_out(many, "too many layers");
  std::string wide = start + "layer | 1 1";
  for (char c = 'a'; c <= 'z'; ++c) wide += std::string(" ") + c + "=1";
  expect_left_out(wide + "\n", "too many parameters");
}

TEST_F(Store, WhatIsNoFileIsNotRead) {
  fs::create_directories(file_.parent_path());
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_NE(load_entries(file_).remark.find("no regular file"), std::string::npos);
  EXPECT_THROW(save_entries(file_, kTwo), Error);
  EXPECT_NE(load_entries(folder_).remark.find("no regular file"), std::string::npos);
}

TEST_F(Store, DamagedFilesAreWrittenAnewForeignOnesAreKept) {
  write("nonsense");
  save_entries(file_, kTwo);
  EXPECT_EQ(load_entries(file_).entries.size(), 2u);
  write("engine tuning 1\ncpu Abacus 3000\n");
  EXPECT_THROW(save_entries(file_, kTwo), Error);
  EXPECT_NE(read().find("Abacus"), std::string::npos);
}

TEST_F(Store, WritersLoseNothingOfEachOther) {
  constexpr int kProcesses = 4, kEach = 25;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < kEach; ++i)
        save_entries(file_, {{std::to_string(p) + " " + std::to_string(i), {}}});
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(load_entries(file_).entries.size(), std::size_t{kProcesses * kEach});
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(file_.parent_path())) ++files;
  EXPECT_EQ(files, 2u);  // the file and its lock
}

TEST_F(Store, LiesInTheUsersCacheFolder) {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string old = before ? before : "";
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(default_file().parent_path(), "/somewhere/engine");
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_TRUE(default_file().empty() || default_file().is_absolute());
  if (before) setenv("XDG_CACHE_HOME", old.c_str(), 1);
  else unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace engine::tuning
