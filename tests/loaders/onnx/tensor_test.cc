// TensorProto to Tensor: every form of data, and every way in which the file can lie about it.
#include "loaders/onnx/tensor.h"

#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

namespace engine::onnx::test {
namespace {

using P = pb::TensorProto;

P tensor(int type, const std::vector<std::int64_t>& dims) {
  P proto;
  proto.set_data_type(type);
  for (const std::int64_t extent : dims) proto.add_dims(extent);
  return proto;
}

Tensor read(P proto, std::size_t max_bytes = 1 << 20) {
  return TensorReader(max_bytes, nullptr).read(proto);
}

template <class T>
std::vector<float> values(const Tensor& tensor) {
  std::vector<float> list;
  for (const T value : tensor.values<T>()) list.push_back(static_cast<float>(value));
  return list;
}

TEST(OnnxTensor, RawDataIsNotCopied) {
  P proto = tensor(P::FLOAT, {4, 4});
  proto.set_raw_data(std::string(64, '\0'));
  const void* before = proto.raw_data().data();
  TensorReader reader(1 << 20, nullptr);
  const Tensor first = reader.read(proto);
  EXPECT_EQ(first.data(), before);
  EXPECT_EQ(reader.read(proto).data(), before);
}

TEST(OnnxTensor, NibblesLowOneFirst) {
  P proto = tensor(P::INT4, {3});
  proto.set_raw_data("\x8f\x07");
  EXPECT_EQ(values<Int4>(read(proto)), (std::vector<float>{-1, -8, 7}));
  proto.set_data_type(P::UINT4);
  EXPECT_EQ(values<UInt4>(read(proto)), (std::vector<float>{15, 8, 7}));
  P typed = tensor(P::UINT4, {3});
  typed.add_int32_data(0x8f);
  typed.add_int32_data(0x07);
  EXPECT_EQ(values<UInt4>(read(typed)), (std::vector<float>{15, 8, 7}));
}

TEST(OnnxTensor, TypedFields) {
  P half = tensor(P::FLOAT16, {1});
  half.add_int32_data(0x3c00);
  EXPECT_EQ(values<Float16>(read(half)), std::vector<float>{1});
  P brain = tensor(P::BFLOAT16, {1});
  brain.add_int32_data(0xbf80);
  EXPECT_EQ(values<BFloat16>(read(brain)), std::vector<float>{-1});
  P bytes = tensor(P::INT8, {2});
  bytes.add_int32_data(-1);
  bytes.add_int32_data(127);
  EXPECT_EQ(values<std::int8_t>(read(bytes)), (std::vector<float>{-1, 127}));
  P wide = tensor(P::UINT32, {1});
  wide.add_uint64_data(4'000'000'000);
  EXPECT_EQ(values<std::uint32_t>(read(wide)), std::vector<float>{4e9f});
  P doubles = tensor(P::DOUBLE, {});
  doubles.add_double_data(0.5);
  EXPECT_EQ(values<double>(read(doubles)), std::vector<float>{0.5f});
  P texts = tensor(P::STRING, {2});
  texts.add_string_data("a");
  texts.add_string_data(std::string("b\0c", 3));
  EXPECT_EQ(read(texts).strings()[1], std::string("b\0c", 3));
}

TEST(OnnxTensor, AnyByteButZeroIsTrue) {
  P proto = tensor(P::BOOL, {3});
  proto.set_raw_data(std::string("\x00\x02\xff", 3));
  const Tensor result = read(proto);
  const auto* bytes = static_cast<const unsigned char*>(result.data());
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(bytes[1], 1);
  EXPECT_EQ(bytes[2], 1);
}

TEST(OnnxTensor, EmptyTensorsAreLegal) {
  EXPECT_EQ(read(tensor(P::FLOAT, {3, 0, 1 << 30})).size(), 0);
}

TEST(OnnxTensor, SerialisedTensor) {
  P proto = tensor(P::INT64, {2});
  proto.add_int64_data(1);
  proto.add_int64_data(-1);
  const std::string bytes = proto.SerializeAsString();
  EXPECT_EQ(load_tensor(std::as_bytes(std::span(bytes))).values<std::int64_t>()[1], -1);
  EXPECT_NE(error_of([] { load_tensor({}); }), "");
}

struct Lie {
  const char* what;
  P proto;
  const char* message;
};

std::vector<Lie> lies() {
  std::vector<Lie> list;
  const auto add = [&](const char* what, P proto, const char* message) -> P& {
    list.push_back({what, std::move(proto), message});
    return list.back().proto;
  };
  add("short", tensor(P::FLOAT, {2}), "4 bytes of data, shape [2] float32 needs 8")
      .set_raw_data("1234");
  add("no data", tensor(P::FLOAT, {1LL << 40, 4}), "0 values, 4398046511104 needed");
  add("negative", tensor(P::FLOAT, {2, -1}), "dimension 1 is -1");
  add("count", tensor(P::FLOAT, {1LL << 32, 1LL << 32}), "element count overflows");
  add("bytes", tensor(P::DOUBLE, {1LL << 61}), "byte count overflows");
  add("rank", tensor(P::FLOAT, std::vector<std::int64_t>(65, 1)), "rank 65");
  add("wrong field", tensor(P::FLOAT, {1}), "its data are in int64_data").add_int64_data(1);
  P& two = add("two fields", tensor(P::FLOAT, {1}), "its data are in raw_data and in float_data");
  two.set_raw_data("1234");
  two.add_float_data(1);
  add("complex", tensor(P::COMPLEX64, {1}), "element type complex64 is not supported");
  add("float8", tensor(P::FLOAT8E4M3FN, {1}), "element type float8e4m3fn is not supported");
  add("string", tensor(P::STRING, {1}), "strings cannot be in raw_data").set_raw_data("1");
  add("segment", tensor(P::FLOAT, {1}), "segments").mutable_segment();
  add("external", tensor(P::FLOAT, {1}), "in another file").set_data_location(P::EXTERNAL);
  add("budget", tensor(P::INT8, {64}), "exceed").set_raw_data(std::string(64, '\0'));
  return list;
}

TEST(OnnxTensor, LiesAreFoundOut) {
  for (const Lie& lie : lies()) {
    const std::string message = error_of([&] { read(lie.proto, 63); });
    EXPECT_NE(message.find(lie.message), std::string::npos) << lie.what << ": " << message;
  }
}

TEST(OnnxTensor, BudgetIsSharedByTheFile) {
  P first = tensor(P::INT8, {40}), second = first;
  first.set_raw_data(std::string(40, '\0'));
  second.set_raw_data(std::string(40, '\0'));
  TensorReader reader(64, nullptr);
  reader.read(first);
  EXPECT_NE(error_of([&] { reader.read(second); }).find("24 bytes that are left of 64"),
            std::string::npos);
}

}  // namespace
}  // namespace engine::onnx::test
