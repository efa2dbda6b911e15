// ONNX test cases on disk: a folder with model.onnx and folders test_data_set_K with input_J.pb and
// output_J.pb.
#pragma once

#include <engine/tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace engine::tools {

struct TestCase {
  std::string name;       ///< that of the folder; its path below DIR if several have one name
  std::string path_name;  ///< path below the DIR that it was found in
  std::filesystem::path folder;
};

/// Cases in and below `folders`, sorted by path within each. A folder that is a case is not
/// searched further. Throws Error (kNotFound) if a folder does not exist or has no case.
std::vector<TestCase> find_cases(const std::vector<std::string>& folders);

/// The data sets of a case, in order of their numbers.
std::vector<std::filesystem::path> data_sets(const TestCase& test_case);

/// Tensors `stem`_0.pb, `stem`_1.pb, ... of a data set, in order. Throws Error.
std::vector<Tensor> read_tensors(const std::filesystem::path& data_set, const std::string& stem);

}  // namespace engine::tools
