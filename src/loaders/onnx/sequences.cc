// Meaning: the ONNX operators on sequences but SequenceMap, opset 11. A sequence is a list of
// values of the graph while the model is loaded, and nothing afterwards.
#include "loaders/onnx/sequences.h"

#include "base/shape.h"
#include "base/text.h"
#include "loaders/onnx/draft.h"
#include "loaders/onnx/known_value.h"

#include <algorithm>

namespace engine::onnx {
namespace {

using graph::kNoValue;
using graph::ValueId;
using Ids = std::vector<ValueId>;

constexpr Index kMostElements = 4096;
constexpr const char* kLimits =
    " (sequences are supported where their elements are known when the model is loaded)";

const Ids* find_sequence(const Scope& scope, std::string_view name) {
  const auto it = scope.sequences.find(name);
  return it == scope.sequences.end() ? nullptr : &it->second;
}

const Ids& sequence_input(const Scope& scope, const pb::NodeProto& proto) {
  ENGINE_VALIDATE(proto.input_size() > 0, "input 0 is absent (a sequence is required)");
  const std::string& name = proto.input(0);
  if (const Ids* sequence = find_sequence(scope, name)) return *sequence;
  ENGINE_REQUIRE(!scope.outer, ErrorCode::kUnsupported, "the sequence ", quote(name),
                 " is made outside of this body", kLimits);
  fail(ErrorCode::kInvalidModel, "input ", quote(name), " is no sequence that a node makes");
}

bool is_given(const pb::NodeProto& proto, int i) {
  return i < proto.input_size() && !proto.input(i).empty();
}

ValueId input(Scope& scope, const pb::NodeProto& proto, int i, const char* name) {
  static const std::string kAbsent;
  const std::string& text = i < proto.input_size() ? proto.input(i) : kAbsent;  // scopes keep views
  refuse_sequence(scope, text);
  const std::optional<ValueId> id = scope.find(text);
  ENGINE_VALIDATE(id && *id != kNoValue, "input ", i, " (", name, ") is absent");
  return *id;
}

// The only element of an integer value, if it is known already.
std::optional<Index> known_index(const Scope& scope, ValueId id) {
  const std::optional<Tensor> value = known_value(scope.builder, id);
  if (!value || value->size() != 1) return std::nullopt;
  if (value->dtype() == DType::kInt64) return value->values<std::int64_t>()[0];
  if (value->dtype() == DType::kInt32) return value->values<std::int32_t>()[0];
  return std::nullopt;
}

ValueId axes_constant(Scope& scope, Index axis) {
  return scope.builder.add_constant(Tensor::of<std::int64_t>({1}, {axis}));
}

// How long the parts are: input `split`, of which the number of elements must be known.
struct Parts {
  ValueId lengths;
  Index count;
};

Parts equal_parts(Scope& scope, Index extent, Index length) {
  ENGINE_VALIDATE(length >= 1, "split is ", length, " (must be positive)");
  std::vector<std::int64_t> lengths(
      static_cast<std::size_t>(std::min(extent / length, kMostElements + 1)), length);
  if (extent % length != 0) lengths.push_back(extent % length);
  const Index count = std::ssize(lengths);
  return {scope.builder.add_constant(Tensor::of<std::int64_t>({count}, lengths)), count};
}

Parts listed_parts(Scope& scope, ValueId split) {
  GraphBuilder& builder = scope.builder;
  if (auto known = known_value(builder, split); known && !builder.constant(split))
    split = builder.add_constant(std::move(*known));
  const TensorType type = builder.type(split);
  ENGINE_REQUIRE(type.dims[0].known(), ErrorCode::kUnsupported, "the number of parts is not known",
                 kLimits);
  constexpr Index kInt64 = pb::TensorProto::INT64;
  if (type.dtype != DType::kInt64) split = builder.add_node("Cast", one("to", kInt64), {split});
  return {split, type.dims[0].value()};
}

Parts parts_of(Scope& scope, const pb::NodeProto& proto, ValueId x, Index axis) {
  GraphBuilder& builder = scope.builder;
  const bool listed = is_given(proto, 1);
  const ValueId split = listed ? input(scope, proto, 1, "split") : kNoValue;
  if (listed) {
    const TensorType& type = builder.type(split);
    ENGINE_VALIDATE(type.dtype == DType::kInt64 || type.dtype == DType::kInt32, "split is ",
                    to_string(type.dtype), ", int64 or int32 needed");
    ENGINE_REQUIRE(type.ranked, ErrorCode::kUnsupported, "the rank of split is not known", kLimits);
    ENGINE_VALIDATE(type.rank() <= 1, "split is ", to_string(type), " (rank 0 or 1 needed)");
    if (type.rank() == 1) return listed_parts(scope, split);
  }
  const std::optional<Index> length = listed ? known_index(scope, split) : Index{1};
  ENGINE_REQUIRE(length, ErrorCode::kUnsupported, "split depends on data", kLimits);
  const TensorType& type = builder.type(x);
  ENGINE_REQUIRE(type.ranked, ErrorCode::kUnsupported, "the rank of the input is not known",
                 kLimits);
  const Dim extent = type.dims[static_cast<std::size_t>(normalize_axis(axis, type.rank()))];
  ENGINE_REQUIRE(extent.known(), ErrorCode::kUnsupported, "extent ", axis, " of the input, ",
                 to_string(type), ", is not known", kLimits);
  return equal_parts(scope, extent.value(), *length);
}

Ids split_to_sequence(Scope& scope, const pb::NodeProto& proto, const ops::Attributes& attributes) {
  GraphBuilder& builder = scope.builder;
  const Index axis = attributes.integer("axis", 0);
  const ValueId x = input(scope, proto, 0, "input");
  const Parts parts = parts_of(scope, proto, x, axis);
  ENGINE_REQUIRE(parts.count <= kMostElements, ErrorCode::kUnsupported,
                 "the sequence has more than ", kMostElements, " elements");
  if (parts.count == 0) return {};
  constexpr std::size_t kMostValues = 2'000'000;  // against a small file of many such nodes
  ENGINE_REQUIRE(builder.graph().values.size() < kMostValues, ErrorCode::kResourceExhausted,
                 "the graph has more than ", kMostValues, " values");
  Ids ids = builder.add_node("Split", one("axis", axis), {x, parts.lengths},
                             static_cast<std::size_t>(parts.count));
  if (is_given(proto, 1) || attributes.flag("keepdims", true)) return ids;
  const ValueId axes = axes_constant(scope, axis);
  for (ValueId& id : ids) id = builder.add_node("Squeeze", {}, {id, axes});
  return ids;
}

Ids construct(Scope& scope, const pb::NodeProto& proto) {
  Ids ids;
  for (int i = 0; i < proto.input_size(); ++i) {
    ids.push_back(input(scope, proto, i, "element"));
    const DType first = scope.builder.type(ids[0]).dtype,
                dtype = scope.builder.type(ids.back()).dtype;
    ENGINE_VALIDATE(dtype == first, "element ", i, " is ", to_string(dtype), ", element 0 is ",
                    to_string(first));
  }
  return ids;
}

// The position that input `i` says, in [0, count): of an element, or of a place before one.
std::size_t position_in(Scope& scope, const pb::NodeProto& proto, int i, Index count) {
  const std::optional<Index> position = known_index(scope, input(scope, proto, i, "position"));
  ENGINE_REQUIRE(position, ErrorCode::kUnsupported, "the position depends on data", kLimits);
  ENGINE_VALIDATE(*position >= -count && *position < count, "position ", *position,
                  " is outside of a sequence of ", count, " elements");
  return static_cast<std::size_t>(*position < 0 ? *position + count : *position);
}

ValueId element_at(Scope& scope, const pb::NodeProto& proto) {
  const Ids& sequence = sequence_input(scope, proto);
  return sequence[position_in(scope, proto, 1, std::ssize(sequence))];
}

// Before the position, which may be the end and is that by default.
Ids inserted(Scope& scope, const pb::NodeProto& proto) {
  Ids ids = sequence_input(scope, proto);
  const Index count = std::ssize(ids);
  ENGINE_REQUIRE(count < kMostElements, ErrorCode::kUnsupported, "the sequence has more than ",
                 kMostElements, " elements");
  std::size_t at = ids.size();
  if (is_given(proto, 2) && known_index(scope, input(scope, proto, 2, "position")) != count)
    at = position_in(scope, proto, 2, count);
  ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(at), input(scope, proto, 1, "tensor"));
  return ids;
}

// Without the element at the position, the last one by default.
Ids erased(Scope& scope, const pb::NodeProto& proto) {
  Ids ids = sequence_input(scope, proto);
  ENGINE_VALIDATE(!ids.empty(), "the sequence is empty (at least one element needed)");
  const std::size_t at =
      is_given(proto, 1) ? position_in(scope, proto, 1, std::ssize(ids)) : ids.size() - 1;
  ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at));
  return ids;
}

ValueId concat_from(Scope& scope, const pb::NodeProto& proto, const ops::Attributes& attributes) {
  Ids ids = sequence_input(scope, proto);
  ENGINE_VALIDATE(!ids.empty(), "the sequence is empty (at least one element needed)");
  const Index axis = attributes.integer("axis");
  scope.builder.state().expand(std::ssize(ids));  // the same elements may be operands many times
  if (attributes.flag("new_axis", false)) {
    const ValueId axes = axes_constant(scope, axis);
    for (ValueId& id : ids) id = scope.builder.add_node("Unsqueeze", {}, {id, axes});
  }
  return scope.builder.add_node("Concat", one("axis", axis), std::move(ids));
}

}  // namespace

bool is_sequence_operator(std::string_view type) noexcept {
  constexpr std::string_view kTypes[] = {
      "ConcatFromSequence", "SequenceAt",     "SequenceConstruct", "SequenceEmpty",
      "SequenceErase",      "SequenceInsert", "SequenceLength",    "SplitToSequence"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

void refuse_sequence(const Scope& scope, std::string_view name) {
  for (const Scope* at = &scope; at; at = at->outer)
    ENGINE_REQUIRE(!find_sequence(*at, name), ErrorCode::kUnsupported, quote(name),
                   " is a sequence, which cannot go there", kLimits);
}

void add_sequence_operator(Scope& scope, pb::NodeProto& proto) {
  ENGINE_VALIDATE(proto.output_size() == 1 && !proto.output(0).empty(), proto.output_size(),
                  " outputs, 1 needed");
  const ops::Attributes attributes = scope.builder.begin_node(scope, proto);
  const std::string& type = proto.op_type();
  const std::string& name = proto.output(0);
  if (type == "SequenceLength") {
    const Index count = std::ssize(sequence_input(scope, proto));
    return scope.define(name, scope.builder.add_constant(Tensor::scalar(std::int64_t{count})));
  }
  if (type == "SequenceAt") return scope.define(name, element_at(scope, proto));
  if (type == "ConcatFromSequence")
    return scope.define(name, concat_from(scope, proto, attributes));
  constexpr std::size_t kMostSequences = 10'000;
  ENGINE_REQUIRE(scope.sequences.size() < kMostSequences, ErrorCode::kResourceExhausted,
                 "there are more than ", kMostSequences, " sequences");
  Ids ids = type == "SplitToSequence"     ? split_to_sequence(scope, proto, attributes)
            : type == "SequenceConstruct" ? construct(scope, proto)
            : type == "SequenceInsert"    ? inserted(scope, proto)
            : type == "SequenceErase"     ? erased(scope, proto)
                                          : Ids();
  ENGINE_VALIDATE(scope.sequences.emplace(name, std::move(ids)).second, "sequence ", quote(name),
                  " is made twice");
}

}  // namespace engine::onnx
