// Every file of models/bad against the verdict of expected.csv. What only running can decide is
// left to the session's tests: here such files may load or not, but must do so in peace.
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

namespace engine::onnx::test {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(ENGINE_SOURCE_DIR) / "models" / "bad";

// What the message for a rejected file must contain.
const std::map<std::string, Names> kFragments = {
    {"empty", {"the file is empty"}},
    {"text", {"not an ONNX file", "text"}},
    {"random_bytes", {"not an ONNX file"}},
    {"truncated", {"truncated or damaged"}},
    {"trailing_garbage", {"truncated or damaged"}},
    {"no_graph", {"the model has no graph"}},
    {"html_error_page", {"not an ONNX file", "text"}},
    {"opset_999", {"opset 999 of the default domain", "newest known is"}},
    {"no_opset", {"no opset import for the default domain"}},
    {"unknown_op", {"FrobnicateJets", "node 'the_frobnicatejets'"}},
    {"unknown_domain", {"com.nowhere::Relu", "not ONNX's Relu"}},
    {"two_unknown_ops", {"Foo", "Bar"}},
    {"external_traversal", {"'w'", "leave the model's folder"}},
    {"external_traversal_hidden", {"'w'", "leave the model's folder"}},
    {"external_absolute", {"'w'", "is absolute"}},
    {"external_missing_file", {"'w'", "no_such_file.bin", "is missing"}},
    {"external_offset_beyond_file", {"'w'", "offset 4096 + length 64 > file size 64"}},
    {"external_length_too_long", {"'w'", "length 1099511627776 > file size 64"}},
    {"external_offset_negative", {"'w'", "offset", "not a non-negative number"}},
    {"external_offset_overflow", {"'w'", "offset"}},
    {"external_length_mismatch", {"'w'", "length 32", "shape [4, 4] float32 needs 64"}},
    {"external_is_directory", {"'w'", "not a regular file"}},
    {"huge_dims", {"'w'", "64 bytes", "needs 17592186044416"}},
    {"huge_dims_overflow", {"'w'", "element count overflows 64 bits"}},
    {"huge_dims_overflow_to_zero", {"'w'", "element count overflows 64 bits"}},
    {"negative_dims", {"'w'", "dimension 0 is -4"}},
    {"negative_dims_pair", {"'w'", "dimension 0 is -4"}},
    {"raw_data_too_short", {"'w'", "60 bytes of data", "shape [4, 4] float32 needs 64"}},
    {"raw_data_too_long", {"'w'", "68 bytes of data", "needs 64"}},
    {"float_data_too_short", {"'w'", "15 values, 16 needed"}},
    {"data_type_999", {"'w'", "unknown element type 999"}},
    {"data_type_undefined", {"'w'", "element type is undefined"}},
    {"string_weights", {"node 'dense' (MatMul)", "string"}},
    {"string_input", {"(Relu)", "string"}},
    {"type_mismatch_add", {"node 'the_add' (Add)", "float32", "int64"}},
    {"cycle", {"cycle", "'one'", "'two'"}},
    {"self_loop", {"node 'loop'", "its own output 'y'"}},
    {"missing_initializer", {"'the_matmul'", "input 'w' is no input, no initializer"}},
    {"missing_output", {"graph output 'y' is made by no node"}},
    {"duplicate_node_outputs", {"tensor 'y' is made twice", "'one'", "'two'"}},
    {"duplicate_initializers", {"initializer 'w' appears twice"}},
    {"duplicate_inputs", {"graph input 'x' appears twice"}},
    {"gemm_shape_mismatch", {"'the_gemm'", "4", "5"}},
    {"gemm_rank_3", {"'the_gemm'", "rank 3", "2 needed"}},
    {"broadcast_impossible", {"'the_add'", "[N, 4]", "[3]"}},
    {"conv_stride_zero", {"'the_conv'", "strides"}},
    {"conv_dilation_negative", {"'the_conv'", "dilations", "-1"}},
    {"conv_group_zero", {"'the_conv'", "group"}},
    {"conv_group_3_of_2", {"'the_conv'", "group"}},
    {"conv_kernel_larger_than_input", {"'the_conv'", "19", "8"}},
    {"conv_pads_wrong_count", {"'the_conv'", "pads", "3", "4"}},
    {"conv_attribute_wrong_type",
     {"'the_conv'", "attribute strides is a string, a list of ints needed"}},
    {"conv_channels_mismatch", {"'the_conv'", "2", "3"}},
    {"too_few_inputs", {"'the_conv'", "1 input, 2 or 3 needed"}},
    {"concat_axis_out_of_range", {"'the_concat'", "axis 7", "rank 2"}},
    {"concat_axis_missing", {"'the_concat'", "attribute axis is required"}},
    {"transpose_perm_repeated", {"'the_transpose'", "perm", "[0, 0]"}},
    {"reshape_element_count", {"'the_reshape'", "4", "[5, 5]"}},
    {"reshape_two_minus_ones", {"'the_reshape'", "only one extent may be -1"}},
    {"split_sum_mismatch", {"'the_split'", "6", "4"}},
    {"unsupported_zipmap", {"ai.onnx.ml::ZipMap", "convert with zipmap off"}},
};

// Name without extension, and verdict, of the ONNX files.
std::vector<std::pair<std::string, std::string>> read_table() {
  std::ifstream table(kFolder / "expected.csv");
  std::vector<std::pair<std::string, std::string>> rows;
  std::string line;
  while (std::getline(table, line)) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    const std::string file = line.substr(0, first);
    if (!file.ends_with(".onnx")) continue;
    rows.emplace_back(file.substr(0, file.size() - 5), line.substr(first + 1, second - first - 1));
  }
  return rows;
}

bool is_printable(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
}

class BadFile : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(BadFile, IsTreatedAsExpected) {
  const auto& [name, verdict] = GetParam();
  const std::string message =
      error_of([&name = name] { load_file(kFolder / (name + ".onnx"), {}); });
  EXPECT_TRUE(is_printable(message)) << message;
  if (verdict == "accept") {
    EXPECT_EQ(message, "");
  }
  if (verdict != "reject") return;
  const auto fragments = kFragments.find(name);
  ASSERT_NE(fragments, kFragments.end()) << "no fragments for " << name;
  for (const std::string& fragment : fragments->second)
    EXPECT_NE(message.find(fragment), std::string::npos) << fragment << " is not in: " << message;
}

INSTANTIATE_TEST_SUITE_P(Files, BadFile, testing::ValuesIn(read_table()),
                         [](const auto& info) { return info.param.first; });

TEST(BadFiles, TableIsThere) { EXPECT_GT(read_table().size(), 80u); }

TEST(BadFiles, MissingFileIsNotFound) {
  try {
    load_file(kFolder / "there_is_no_such.onnx", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  }
}

TEST(BadFiles, FolderIsRefused) {
  EXPECT_NE(error_of([] { load_file(kFolder, {}); }).find("not a regular file"), std::string::npos);
}

}  // namespace
}  // namespace engine::onnx::test
