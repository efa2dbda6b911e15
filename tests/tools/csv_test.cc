// Tables as text: what counts as a number, a header, a row.
#include "tools/io/csv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace engine::tools {
namespace {

std::vector<float> floats(const std::string& text) {
  const Tensor tensor = parse_csv(text, "a.csv");
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

std::string error_of(const std::string& text, DType dtype = DType::kFloat32) {
  try {
    parse_csv(text, "a.csv", dtype);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Csv, ReadsRowsWithAndWithoutHeader) {
  const std::vector<float> expected = {1, 2.5f, -3, 4e10f};
  EXPECT_EQ(floats("1,2.5\n-3,4e10\n"), expected);
  EXPECT_EQ(floats("pt,eta\n1,2.5\n-3,4e10"), expected);
  EXPECT_EQ(
      floats(
          "\xef\xbb\xbf# from a spreadsheet\r\n\"p, t\";eta\r\n 1 ; \"2.5\"\r\n\r\n-3;+4e10\r\n"),
      expected);
  EXPECT_EQ(parse_csv("1,2,3\n4,5,6\n", "a.csv").shape(), (Shape{2, 3}));
}

TEST(Csv, RoundsOnceAndKnowsSpecialValues) {
  EXPECT_EQ(floats("0.1"), std::vector<float>{0.1f});
  EXPECT_EQ(floats("1e-60,inf")[0], 0.0f);
  EXPECT_EQ(floats("1e-40,inf")[0], 1e-40f);
  EXPECT_TRUE(std::isinf(floats("1,-inf")[1]));
  EXPECT_TRUE(std::isnan(floats("1,nan")[1]));
}

TEST(Csv, ReadsIntegersExactly) {
  const Tensor tensor = parse_csv("9007199254740993\n-5\n", "a.csv", DType::kInt64);
  EXPECT_EQ(tensor.values<std::int64_t>()[0], 9007199254740993);
  EXPECT_EQ(parse_csv("18446744073709551615", "a.csv", DType::kUInt64).values<std::uint64_t>()[0],
            std::numeric_limits<std::uint64_t>::max());
}

TEST(Csv, ErrorsNameLineAndColumn) {
  const auto expect = [](const std::string& error, const std::string& part) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  expect(error_of(""), "no row");
  expect(error_of("a,b\n"), "no row");
  expect(error_of("a,b\n1,x2\n"), "line 2, column 2: 'x2' is not a number");
  expect(error_of("1,2\n3\n"), "line 2 has 1 fields, the first row has 2");
  expect(error_of("1,,2\n"), "line 1, column 2: the field is empty");
  expect(error_of("1,a\n"), "line 1, column 2");
  expect(error_of("1e60\n"), "does not fit float32");
  expect(error_of("1\n300\n", DType::kUInt8), "line 2, column 1: '300' does not fit uint8");
  expect(error_of("1\n-1\n", DType::kUInt8), "does not fit uint8");
  expect(error_of("1\n1.5\n", DType::kInt32), "does not fit int32");
}

}  // namespace
}  // namespace engine::tools
