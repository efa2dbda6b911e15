#include "tools/conformance/case.h"

#include "base/check.h"
#include "base/text.h"
#include "loaders/onnx/load.h"
#include "tools/io/file.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace engine::tools {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 8;  // folders below DIR
constexpr std::string_view kModel = "model.onnx", kDataSet = "test_data_set_";

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.is_directory(error)) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

void search(const fs::path& folder, const fs::path& root, int depth, std::vector<TestCase>& cases) {
  if (fs::exists(folder / kModel)) {
    const std::string name = fs::absolute(folder).lexically_normal().filename();
    const std::string below = folder.lexically_relative(root);
    cases.push_back({name, below == "." ? name : below, folder});
    return;
  }
  if (depth == kDeepest) return;
  for (const fs::path& inner : folders_in(folder)) search(inner, root, depth + 1, cases);
}

// Number behind a prefix in a file's name, or nothing.
std::optional<int> number_behind(const std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  int number = 0;
  const char* first = text.data() + prefix.size();
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<fs::path> numbered(const fs::path& folder, std::string_view prefix,
                               const std::string& extension) {
  std::map<int, fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (path.extension() != extension) continue;
    if (const auto number = number_behind(path.stem(), prefix)) found[*number] = path;
  }
  std::vector<fs::path> paths;
  for (auto& [number, path] : found) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

std::vector<TestCase> find_cases(const std::vector<std::string>& folders) {
  std::vector<TestCase> cases;
  for (const std::string& folder : folders) {
    ENGINE_REQUIRE(fs::is_directory(folder), ErrorCode::kNotFound, quote(folder),
                   " is not a folder");
    const std::size_t before = cases.size();
    const fs::path root = fs::path(folder) / "";
    search(root.parent_path(), root.parent_path(), 0, cases);
    ENGINE_REQUIRE(cases.size() > before, ErrorCode::kNotFound, "no test case in ", quote(folder),
                   " (a case is a folder with model.onnx and test_data_set_0)");
  }
  std::map<std::string, int> uses;
  for (const TestCase& test_case : cases) ++uses[test_case.name];
  for (TestCase& test_case : cases)
    if (uses[test_case.name] > 1) test_case.name = test_case.path_name;
  return cases;
}

std::vector<fs::path> data_sets(const TestCase& test_case) {
  return numbered(test_case.folder, kDataSet, "");
}

std::vector<Tensor> read_tensors(const fs::path& data_set, const std::string& stem) {
  std::vector<Tensor> tensors;
  for (const fs::path& file : numbered(data_set, stem + "_", ".pb")) {
    try {
      tensors.push_back(onnx::load_tensor(read_file(file)));
    } catch (const Error& error) {
      throw Error(error.code(), file.filename().string() + ": " + error.what());
    }
  }
  return tensors;
}

}  // namespace engine::tools
