// What all parts of one load share.
#pragma once

#include "loaders/onnx/tensor.h"

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace engine::onnx {

/// Versions of operator sets by domain; "" is ai.onnx.
using Opsets = std::map<std::string, Index, std::less<>>;

/// "ai.onnx" is another spelling of "".
inline std::string_view normal_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string_view() : domain;
}

/// Throws Error (kInvalidModel, kUnsupported) for versions that are not known.
using OpsetList = google::protobuf::RepeatedPtrField<pb::OperatorSetIdProto>;
Opsets read_opsets(const OpsetList& list, std::vector<std::string>& warnings);

/// Model-local functions by domain, name and overload.
class FunctionTable {
 public:
  /// Throws Error (kInvalidModel) if two functions have one name.
  explicit FunctionTable(google::protobuf::RepeatedPtrField<pb::FunctionProto>& functions);
  /// The function that a node calls, or null.
  pb::FunctionProto* find(const pb::NodeProto& node) const;

 private:
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
  std::map<Key, pb::FunctionProto*> functions_;
};

/// State of one load. Bodies and functions nest; `depth` counts both.
struct LoadState {
  TensorReader tensors;
  FunctionTable functions;
  int max_depth = 0;
  int depth = 0;
  Index symbols = 0;   ///< made so far for extents that have no name
  Index expanded = 0;  ///< nodes and operands that functions and sequences made so far
  std::vector<pb::FunctionProto*> active =
      {};  ///< calls that are being inlined, the outermost first
  std::vector<std::string> warnings = {};
  Index dropped_warnings = 0;

  void warn(std::string text);
  /// Counts what a function or a sequence expands to: a small file can make it grow exponentially.
  /// Throws Error (kResourceExhausted) beyond the limit.
  void expand(Index count);
};

/// The types around a node do not fit it.
class MisfitError : public Error {
 public:
  using Error::Error;
};

/// An error that says where it happened. Of a deep nest only the innermost place and the outermost
/// ones are said.
class LocatedError : public Error {
 public:
  LocatedError(ErrorCode code, const std::string& message, bool misfit)
      : Error(code, message), misfit_(misfit) {}
  /// Whether it began as a MisfitError.
  bool misfit() const noexcept { return misfit_; }

 private:
  bool misfit_;
};

/// Rethrows the exception at hand with a place before its message. To be called in a handler.
[[noreturn]] void rethrow_at(const LoadState& state, const std::string& place);

/// Names longer than this are refused: they are copied in places.
inline constexpr std::size_t kLongestName = 65'536;
void check_name(std::string_view name);

/// One more level of nesting while it lives. Throws Error (kInvalidModel) beyond the limit.
class Nested {
 public:
  explicit Nested(LoadState& state);
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;
  ~Nested() { --state_.depth; }

 private:
  LoadState& state_;
};

}  // namespace engine::onnx
