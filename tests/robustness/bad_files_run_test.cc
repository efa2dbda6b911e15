// Every file of models/bad from file to outputs, each in a process with 4 GiB and 20 seconds: an
// Error where expected.csv says so, never a signal.
#include "support/child.h"
#include "support/operator_case.h"

#include "base/text.h"

#include <engine/engine.h>

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace engine::test {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(ENGINE_SOURCE_DIR) / "models" / "bad";
constexpr std::size_t kMemory = std::size_t{4} << 30;

std::vector<std::pair<std::string, std::string>> read_table() {
  std::ifstream table(kFolder / "expected.csv");
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::string line; std::getline(table, line);) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    const std::string file = line.substr(0, first);
    if (!file.ends_with(".onnx")) continue;
    rows.emplace_back(file.substr(0, file.size() - 5), line.substr(first + 1, second - first - 1));
  }
  return rows;
}

Tensors some_inputs(const Model& model) {
  Tensors inputs;
  for (const TensorInfo& info : model.inputs()) {
    Shape shape;
    for (const Dimension& dim : info.shape) shape.push_back(dim.free() ? 2 : dim.size);
    inputs[info.name] = random(info.dtype, shape, 1);
  }
  return inputs;
}

// "loaded: message" tells how far it came; "ran" that all went well.
std::string try_file(const std::filesystem::path& file) {
  const char* stage = "rejected: ";
  try {
    const Model model = Model::load(file);
    stage = "not compiled: ";
    const Session session(model);
    stage = "not run: ";
    session.run(some_inputs(model));
    return "ran";
  } catch (const Error& error) {
    return stage + std::string(error.what()) + " [" + to_string(error.code()) + "]";
  }
}

class BadFileRuns : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(BadFileRuns, AsExpected) {
  const auto& [name, verdict] = GetParam();
  const ChildResult result =
      run_in_child(kMemory, 20, [&, &name = name] { return try_file(kFolder / (name + ".onnx")); });
  EXPECT_EQ(result.signal, 0) << strsignal(result.signal);
  EXPECT_EQ(result.text.find("internal"), std::string::npos) << result.text;
  EXPECT_EQ(result.text.find(ENGINE_SOURCE_DIR), std::string::npos) << result.text;
  if (verdict == "accept") {
    EXPECT_EQ(result.text, "ran");
  }
  if (verdict == "reject" || verdict == "run-error") {
    EXPECT_NE(result.text, "ran");
  }
}

INSTANTIATE_TEST_SUITE_P(Files, BadFileRuns, testing::ValuesIn(read_table()),
                         [](const auto& info) { return info.param.first; });

TEST(Child, SignalsAndHangsAreSeen) {
  EXPECT_EQ(run_in_child(kMemory, 5, [] { return std::string("fine"); }).text, "fine");
  EXPECT_EQ(run_in_child(kMemory, 5,
                         []() -> std::string {
                           raise(SIGKILL);
                           return {};
                         })
                .signal,
            SIGKILL);
  EXPECT_EQ(run_in_child(kMemory, 1,
                         []() -> std::string {
                           for (;;) pause();
                         })
                .signal,
            SIGALRM);
}

}  // namespace
}  // namespace engine::test
