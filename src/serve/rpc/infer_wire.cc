#include "serve/rpc/infer_wire.h"

#include <google/protobuf/io/coded_stream.h>

namespace engine::serve::rpc {
namespace {

using google::protobuf::io::CodedInputStream;

// Encoding of Protocol Buffers: a field begins with its number and how its value is written.
enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };
constexpr std::uint32_t tag_of(std::uint32_t field, WireType type) { return field << 3 | type; }

constexpr std::uint32_t kRawInput = tag_of(7, kLength);

bool read_bytes(CodedInputStream& in, std::string_view all, std::string_view& bytes) {
  std::uint32_t length = 0;
  if (!in.ReadVarint32(&length)) return false;
  const auto at = static_cast<std::size_t>(in.CurrentPosition());
  if (length > all.size() - at) return false;
  bytes = all.substr(at, length);
  return in.Skip(static_cast<int>(length));
}

// Groups, which no client has written for many years, are no part of proto3.
bool skip_value(CodedInputStream& in, std::uint32_t tag, std::string_view all) {
  std::uint64_t number = 0;
  std::string_view bytes;
  switch (tag & 7u) {
    case kVarint: return in.ReadVarint64(&number);
    case kFixed64: return in.Skip(8);
    case kFixed32: return in.Skip(4);
    case kLength: return read_bytes(in, all, bytes);
    default: return false;
  }
}

// Cuts the raw contents out; `rest` is the message without them.
bool cut(std::string_view all, std::vector<std::string_view>& raw, std::string& rest) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(all.data()),
                      static_cast<int>(all.size()));
  while (true) {
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    const std::uint32_t tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    if (tag == kRawInput) {
      if (!read_bytes(in, all, raw.emplace_back())) return false;
      continue;
    }
    if (!skip_value(in, tag, all)) return false;
    rest += all.substr(begin, static_cast<std::size_t>(in.CurrentPosition()) - begin);
  }
}

}  // namespace

std::optional<InferMessage> parse_infer(const ::grpc::ByteBuffer& buffer) {
  auto bytes = std::make_shared<::grpc::Slice>();
  if (!buffer.TrySingleSlice(bytes.get()).ok() && !buffer.DumpToSingleSlice(bytes.get()).ok())
    return {};
  const std::string_view all(reinterpret_cast<const char*>(bytes->begin()), bytes->size());
  InferMessage message{.bytes = bytes, .head = {}};
  std::string rest;
  if (all.size() > std::size_t{std::numeric_limits<int>::max()}) return {};
  if (!cut(all, message.raw, rest) || !message.head.ParseFromString(rest)) return {};
  return message;
}

}  // namespace engine::serve::rpc
