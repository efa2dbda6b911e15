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

const ops::Hardware kHere = {"Abacus", "7"};

class Store : public testing::Test {
 protected:
  Store() {
    std::string name = (fs::temp_directory_path() / "engine_store_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    file_ = folder_ / "deep" / "tuning.json";
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
  // A file of this hardware with such layers.
  static std::string with_layers(const std::string& layers) {
    return R"({"layers": {)" + layers + R"(}, "driver": "7", "device": "Abacus",
              "format": "engine tuning 2"})";
  }
  void expect_left_out(const std::string& text, const std::string& why) const {
    write(text);
    const StoredEntries stored = load_entries(file_, kHere);
    EXPECT_TRUE(stored.entries.empty());
    EXPECT_NE(stored.remark.find(why), std::string::npos) << stored.remark;
    EXPECT_NE(stored.remark.find("tuning.json"), std::string::npos) << stored.remark;
  }

  fs::path folder_, file_;
};

const Entries kTwo = {{"conv 1x2 to 3", {{{"pixels", 7}, {"images", -1}}, 5, 1.25}},
                      {"other", {{}, 9, 1}}};

TEST_F(Store, ReadsWhatItWrote) {
  save_entries(file_, kHere, kTwo);
  const StoredEntries stored = load_entries(file_, kHere);
  EXPECT_EQ(stored.remark, "");
  ASSERT_EQ(stored.entries.size(), 2u);
  const Entry& entry = stored.entries.at("conv 1x2 to 3");
  EXPECT_EQ(entry.choice, (ops::Choice{{"pixels", 7}, {"images", -1}}));
  EXPECT_EQ(entry.steps, 5);
  EXPECT_EQ(entry.speedup, 1.25);
  EXPECT_EQ(table_of(stored.entries).size(), 1u);  // the other has its defaults
}

TEST_F(Store, AddsToWhatIsThere) {
  save_entries(file_, kHere, kTwo);
  save_entries(file_, kHere, {{"other", {{{"slice", 4}}, 2, 1}}, {"third", {}}});
  const Entries entries = load_entries(file_, kHere).entries;
  EXPECT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries.at("other").steps, 2);
}

TEST_F(Store, NoFileIsNoRemark) {
  const StoredEntries stored = load_entries(file_, kHere);
  EXPECT_TRUE(stored.missing);
  EXPECT_EQ(stored.remark, "");
  EXPECT_TRUE(load_entries({}, kHere).missing);
}

TEST_F(Store, DamageIsNamed) {
  const auto layer = [](const std::string& text) { return with_layers(R"("layer": )" + text); };
  write(layer(R"({"speedup": 2e0, "choice": {"pixels": -7}, "steps": 3})"));
  EXPECT_EQ(load_entries(file_, kHere).entries.at("layer").choice.at("pixels"), -7);
  expect_left_out("", "line 1: '{' is missing");
  expect_left_out("engine tuning 1\ncpu x\n", "line 1: '{' is missing");
  expect_left_out("{}", "its format is ''");
  expect_left_out(R"({"format": "engine tuning 1"})", "not 'engine tuning 2'");
  expect_left_out("{\n\"format\": 3}", "line 2: '\"' is missing");
  expect_left_out(with_layers("") + "}", "something follows the end");
  expect_left_out(R"({"more": 1})", "there is no member 'more'");
  expect_left_out(R"({"format" "x"})", "':' is missing");
  expect_left_out(R"({"format": "x)", "a text has no end");
  expect_left_out("{\"format\": \"\\n\"}", "escape");
  expect_left_out("{\"format\": \"\x1b[2J\"}", "cannot be printed");
  expect_left_out(layer("{"), "'{' is missing");
  expect_left_out(layer(R"({"steps": x})"), "'x' is no integer");
  expect_left_out(layer(R"({"steps": 99999999999999999999})"), "no integer");
  expect_left_out(layer(R"({"speedup": nan})"), "'nan' is no finite number");
  expect_left_out(layer(R"({"speedup": -1})"), "-1 is no ratio");
  expect_left_out(layer(R"({"speed": 1})"), "a layer has no 'speed'");
  expect_left_out(layer(R"({"choice": {"Pix": 1}})"), "'Pix' is no name");
  expect_left_out(layer(R"({"choice": {"pixels": 1e3}})"), "no integer");
  expect_left_out(with_layers(R"("": {})"), "no layer");
  expect_left_out(with_layers("\"" + std::string(400, 'x') + "\": {}"), "no layer");
  expect_left_out(with_layers("\"" + std::string(4000, 'x') + "\": {}"), "longer than 1000");
}

TEST_F(Store, OtherHardwareIsNamed) {
  const std::string text = entries_text(kTwo, {"Abacus", "8"});
  expect_left_out(text, "it is for 'Abacus' with driver '8', this is 'Abacus' with driver '7'");
  expect_left_out(entries_text(kTwo, {"Slide rule", ""}), "it is for 'Slide rule', this is");
  EXPECT_TRUE(load_entries(file_, kHere).foreign);
  EXPECT_NE(default_file(kHere), default_file({"Abacus", "8"}));
}

TEST_F(Store, NamesOfHardwareAreMadePrintable) {
  const ops::Hardware odd = {"\"x\\y\" \x1b\xff", "\n"};
  save_entries(file_, odd, kTwo);
  EXPECT_EQ(load_entries(file_, odd).entries.size(), 2u) << read();
}

TEST_F(Store, HugeFilesAreNotTaken) {
  expect_left_out(with_layers("") + std::string(2 << 20, ' '), "more than 1048576 bytes");
  std::string many, wide;
  for (int i = 0; i < 5000; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\": {}";
  expect_left_out(with_layers(many), "too many layers");
  for (char c = 'a'; c <= 'z'; ++c) wide += (c == 'a' ? "\"" : ",\"") + std::string(1, c) + "\": 1";
  expect_left_out(with_layers(R"("layer": {"choice": {)" + wide + "}}"), "too many parameters");
}

TEST_F(Store, WhatIsNoFileIsNotRead) {
  fs::create_directories(file_.parent_path());
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_NE(load_entries(file_, kHere).remark.find("no regular file"), std::string::npos);
  EXPECT_THROW(save_entries(file_, kHere, kTwo), Error);
  EXPECT_NE(load_entries(folder_, kHere).remark.find("no regular file"), std::string::npos);
}

TEST_F(Store, DamagedFilesAreWrittenAnewForeignOnesAreKept) {
  write("nonsense");
  save_entries(file_, kHere, kTwo);
  EXPECT_EQ(load_entries(file_, kHere).entries.size(), 2u);
  const std::string other = entries_text(kTwo, {"Abacus", "8"});
  write(other);
  EXPECT_THROW(save_entries(file_, kHere, kTwo), Error);
  EXPECT_EQ(read(), other);
}

TEST_F(Store, WritersLoseNothingOfEachOther) {
  constexpr int kProcesses = 4, kEach = 25;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < kEach; ++i)
        save_entries(file_, kHere, {{std::to_string(p) + " " + std::to_string(i), {}}});
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(load_entries(file_, kHere).entries.size(), std::size_t{kProcesses * kEach});
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(file_.parent_path())) ++files;
  EXPECT_EQ(files, 2u);  // the file and its lock
}

TEST_F(Store, LiesInTheUsersCacheFolder) {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string old = before ? before : "";
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(default_file(kHere).parent_path(), "/somewhere/engine");
  setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_TRUE(default_file(kHere).empty() || default_file(kHere).is_absolute());
  if (before) setenv("XDG_CACHE_HOME", old.c_str(), 1);
  else unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace engine::tuning
