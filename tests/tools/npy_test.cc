// .npy files: what is written reads back, and what is wrong is refused with a reason.
#include "tools/io/npy.h"

#include "tools/io/convert.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace engine::tools {
namespace {

Bytes bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return Bytes(bytes.begin(), bytes.end());
}

// A file of version 1 with this header and data.
std::string file_of(const std::string& header, const std::string& data) {
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 255);
  text += static_cast<char>(header.size() >> 8);
  return text + header + data;
}

std::string header_of(const std::string& descr, const std::string& shape,
                      const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

Tensor parse(const std::string& text) { return parse_npy(bytes_of(text), "a.npy"); }

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

template <class T>
void expect_round_trip(DType dtype, std::initializer_list<T> values) {
  const Tensor tensor = Tensor::of<T>({1, static_cast<Index>(values.size())}, values);
  const Tensor back = parse_npy(to_npy(tensor), "a.npy");
  EXPECT_EQ(back.dtype(), dtype) << to_string(tensor.dtype());
  EXPECT_EQ(back.shape(), tensor.shape());
  for (Index i = 0; i < tensor.size(); ++i) EXPECT_EQ(number_at(back, i), number_at(tensor, i));
}

TEST(Npy, WritesAndReadsEveryType) {
  expect_round_trip<float>(DType::kFloat32, {1.5f, -0.0f, 3e38f});
  expect_round_trip<double>(DType::kFloat64, {1.5, 1e300});
  expect_round_trip<Float16>(DType::kFloat16, {Float16(1.5f), Float16(-2.0f)});
  expect_round_trip<BFloat16>(DType::kFloat32, {BFloat16(1.5f), BFloat16(-2.0f)});
  expect_round_trip<Int4>(DType::kInt8, {Int4(-8), Int4(7)});
  expect_round_trip<UInt4>(DType::kUInt8, {UInt4(15)});
  expect_round_trip<std::int8_t>(DType::kInt8, {-128, 127});
  expect_round_trip<std::uint8_t>(DType::kUInt8, {255});
  expect_round_trip<std::int16_t>(DType::kInt16, {-32768});
  expect_round_trip<std::uint16_t>(DType::kUInt16, {65535});
  expect_round_trip<std::int32_t>(DType::kInt32, {-5});
  expect_round_trip<std::uint32_t>(DType::kUInt32, {5});
  expect_round_trip<std::int64_t>(DType::kInt64, {INT64_MIN});
  expect_round_trip<std::uint64_t>(DType::kUInt64, {7});
  expect_round_trip<bool>(DType::kBool, {true, false});
}

TEST(Npy, WritesAndReadsText) {
  const Tensor tensor = Tensor::strings({2}, {"", "na\xc3\xafve \xf0\x9f\x8e\x89"});
  const Tensor back = parse_npy(to_npy(tensor), "a.npy");
  EXPECT_EQ(back.shape(), tensor.shape());
  EXPECT_EQ(back.strings()[0], tensor.strings()[0]);
  EXPECT_EQ(back.strings()[1], tensor.strings()[1]);
}

TEST(Npy, HeaderIsAlignedAndShapesAreTuples) {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 0, 5}}) {
    const Tensor tensor(DType::kInt32, shape);
    const Bytes bytes = to_npy(tensor);
    EXPECT_EQ((bytes.size() - tensor.bytes()) % 64, 0u);
    EXPECT_EQ(parse_npy(bytes, "a.npy").shape(), shape);
  }
}

TEST(Npy, ReadsBigEndianFortranAndOtherVersions) {
  const std::string ones("\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06", 12);
  const Tensor tensor = parse(file_of(header_of(">i2", "(2, 3)", "True"), ones));
  const auto values = tensor.values<std::int16_t>();
  EXPECT_EQ(std::vector<int>(values.begin(), values.end()), (std::vector<int>{1, 3, 5, 2, 4, 6}));

  const std::string header = header_of("|u1", "(1,)");
  std::string second("\x93NUMPY\x02\x00", 8);
  second += static_cast<char>(header.size());
  second += std::string("\0\0\0", 3) + header + "x";
  EXPECT_EQ(parse(second).values<std::uint8_t>()[0], 'x');
}

TEST(Npy, BytesOfBoolBecomeZeroOrOne) {
  const Tensor tensor = parse(file_of(header_of("|b1", "(2,)"), std::string("\x07\x00", 2)));
  EXPECT_EQ(static_cast<const std::uint8_t*>(tensor.data())[0], 1);
}

TEST(Npy, RefusesWhatIsWrongAndSaysWhy) {
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(error_of(text).find(part), std::string::npos) << error_of(text);
  };
  expect("", "does not begin");
  expect("PK\x03\x04 something else", "does not begin");
  expect(std::string("\x93NUMPY\x04\x00\x01\x00 ", 11), "version 4");
  expect(std::string("\x93NUMPY\x01\x00\xff\xff{", 11), "claims 65535");
  expect(file_of(header_of("<f4", "(3,)"), "only 11 byt"), "12 bytes, but 11 follow");
  expect(file_of(header_of("<f4", "(1,)"), "12345"), "4 bytes, but 5 follow");
  expect(file_of(header_of("<f4", "(4611686018427387904, 4)"), ""), "too many bytes");
  expect(file_of(header_of("<f4", "(99999999999999999999,)"), ""), "extent");
  expect(file_of(header_of("<f4", "(-1,)"), ""), "extent");
  expect(file_of(header_of("|O", "(1,)"), "12345678"), "pickled");
  expect(file_of(header_of("<c8", "(1,)"), "12345678"), "<c8");
  expect(file_of(header_of("<U0", "(1000000000000,)"), ""), "no length");
  expect(file_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234"),
         "field");
  expect(file_of("{'descr': '<f4', 'shape': (1,), }", "1234"), "lacks");
  expect(file_of("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", "1234"), "repeated");
  expect(file_of("{'descr': '<f4", ""), "does not end");
}

TEST(Npy, EveryTruncationIsRefused) {
  const Bytes whole = to_npy(Tensor(DType::kFloat32, {2, 3}));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(parse_npy(std::span(whole).first(size), "a.npy"), Error) << size;
}

TEST(Convert, KeepsEveryValueOrRefuses) {
  const Tensor wide = Tensor::of<double>({2}, {0.5, -3.0});
  EXPECT_EQ(convert_exactly(wide, DType::kFloat32, "x").values<float>()[1], -3.0f);
  EXPECT_THROW(convert_exactly(wide, DType::kInt64, "x"), Error);
  EXPECT_THROW(convert_exactly(Tensor::scalar(0.1), DType::kFloat32, "x"), Error);
  EXPECT_THROW(convert_exactly(Tensor::scalar(std::int64_t{1} << 53 | 1), DType::kFloat64, "x"),
               Error);
  EXPECT_THROW(convert_exactly(Tensor::scalar(std::int32_t{-1}), DType::kUInt8, "x"), Error);
  EXPECT_THROW(convert_exactly(Tensor::scalar(std::int32_t{8}), DType::kInt4, "x"), Error);
  EXPECT_THROW(convert_exactly(Tensor::strings({}, {"1"}), DType::kInt32, "x"), Error);
  EXPECT_EQ(convert_exactly(Tensor::scalar(std::uint8_t{200}), DType::kFloat16, "x").dtype(),
            DType::kFloat16);
}

}  // namespace
}  // namespace engine::tools
