// Damaged models: whatever the bytes are, loading ends with a model or an Error.
#include "tests/loaders/onnx/model_builder.h"

#include <gtest/gtest.h>

#include <random>

namespace engine::onnx::test {
namespace {

// Uses what the loader has a part for: initializers, constants, bodies with captures, functions.
std::string rich_model() {
  ModelWriter model;
  model.import("local", 1);
  auto& function = model.function("twice", {"a"}, {"b"});
  GraphWriter::fill(*function.add_node(), "Add", {"a", "a"}, {"b"});
  GraphWriter graph = model.graph();
  graph.input("x", {"N", 2}).floats("w", {2}, {1, 2}).output("y");
  graph.node("Add", {"x", "w"}, {"a"}, "first");
  graph.node("twice", {"a"}, {"b"}, "call", "local");
  auto& constant = graph.node("Constant", {}, {"go"});
  auto& value = *attribute(constant, "value", pb::AttributeProto::TENSOR).mutable_t();
  value.set_data_type(pb::TensorProto::BOOL);
  value.set_raw_data(std::string(1, '\1'));
  auto& choice = graph.node("If", {"go"}, {"y"}, "choice");
  GraphWriter yes = body(choice, "then_branch");
  yes.output("t").node("Relu", {"b"}, {"t"});
  GraphWriter no = body(choice, "else_branch");
  no.output("e").node("Neg", {"b"}, {"e"});
  return model.bytes();
}

constexpr LoadOptions kTight{.max_bytes = 1 << 20, .max_depth = 4};

void load_in_peace(const std::string& bytes) {
  const std::string message =
      error_of([&] { load_bytes(std::as_bytes(std::span(bytes)), kTight); });
  EXPECT_EQ(message.find("internal"), std::string::npos) << message;
}

TEST(Damage, WholeModelLoads) {
  const std::string bytes = rich_model();
  EXPECT_EQ(error_of([&] { load_bytes(std::as_bytes(std::span(bytes)), kTight); }), "");
}

// A cut between two fields leaves a well-formed message that lacks the rest, so some cuts may load.
TEST(Damage, TruncationAtEveryByte) {
  const std::string bytes = rich_model();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    load_in_peace(bytes.substr(0, length));
}

TEST(Damage, EveryByteReplaced) {
  const std::string bytes = rich_model();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      load_in_peace(damaged);
    }
  }
}

TEST(Damage, RandomMutations) {
  const std::string bytes = rich_model();
  std::mt19937 random(20240607);
  const auto below = [&](std::size_t n) { return random() % n; };
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = bytes;
    for (std::size_t edits = 1 + below(4); edits > 0; --edits) {
      const std::size_t at = below(damaged.size());
      switch (below(4)) {
        case 0: damaged[at] = static_cast<char>(random()); break;
        case 1: damaged[at] = static_cast<char>(damaged[at] ^ (1 << below(8))); break;
        case 2: damaged.erase(at, 1 + below(8)); break;
        default: damaged.insert(at, damaged.substr(below(damaged.size()), 1 + below(16))); break;
      }
      if (damaged.empty()) damaged = bytes;
    }
    load_in_peace(damaged);
  }
}

TEST(Damage, NestingOfTenThousandBodies) {
  pb::GraphProto graph;
  GraphWriter(graph).output("y").node("Relu", {"x"}, {"y"});
  std::string inner = graph.SerializeAsString();
  // Length-delimited wrapping by hand: a message this deep would overflow protobuf's own recursion.
  const auto field = [](int number, const std::string& text) {
    std::string out(1, static_cast<char>(number << 3 | 2));
    std::size_t size = text.size();
    for (; size >= 128; size >>= 7) out += static_cast<char>((size & 127) | 128);
    return out + static_cast<char>(size) + text;
  };
  for (int level = 0; level < 10000; ++level) {
    const std::string name = field(1, "then_branch");
    const std::string node =
        field(1, "c") + field(2, "y") + field(4, "If") + field(5, name + field(6, inner));
    inner = field(1, node);
  }
  const std::string bytes =
      std::string("\x08\x08") + field(7, inner) + field(8, std::string("\x10\x11"));
  const std::string message = error_of([&] { load_bytes(std::as_bytes(std::span(bytes)), {}); });
  EXPECT_NE(message.find("nested deeper than"), std::string::npos) << message;
}

}  // namespace
}  // namespace engine::onnx::test
