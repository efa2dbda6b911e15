#include "loaders/onnx/state.h"

#include "base/check.h"
#include "base/text.h"
#include "loaders/onnx/load.h"

#include <algorithm>

namespace engine::onnx {
namespace {

constexpr Index kNewestOpset = 28;
constexpr Index kNewestMlOpset = 5;

}  // namespace

Index newest_opset() noexcept { return kNewestOpset; }

Opsets read_opsets(const OpsetList& list, std::vector<std::string>& warnings) {
  Opsets opsets;
  for (const auto& import : list) {
    const std::string domain(normal_domain(import.domain()));
    const Index version = import.version();
    ENGINE_VALIDATE(version >= 1, "opset ", version, " of domain ", quote(domain),
                    " (versions begin at 1)");
    if (domain.empty())
      ENGINE_REQUIRE(version <= kNewestOpset, ErrorCode::kUnsupported, "opset ", version,
                     " of the default domain is newer than known (newest known is ", kNewestOpset,
                     ") export with that or an older one");
    if (domain == "ai.onnx.ml" && version > kNewestMlOpset)
      warnings.push_back(concat("opset ", version,
                                " of ai.onnx.ml is newer than known (newest known is ",
                                kNewestMlOpset, ")"));
    const auto [it, added] = opsets.emplace(domain, version);
    ENGINE_VALIDATE(added || it->second == version, "domain ", quote(domain),
                    " is imported with opset ", it->second, " and ", version);
  }
  return opsets;
}

FunctionTable::FunctionTable(google::protobuf::RepeatedPtrField<pb::FunctionProto>& functions) {
  for (pb::FunctionProto& function : functions) {
    const Key key{normal_domain(function.domain()), function.name(), function.overload()};
    ENGINE_VALIDATE(functions_.emplace(key, &function).second, "function ", quote(function.name()),
                    " of domain ", quote(function.domain()), " is defined twice");
  }
}

pb::FunctionProto* FunctionTable::find(const pb::NodeProto& node) const {
  const auto it = functions_.find({normal_domain(node.domain()), node.op_type(), node.overload()});
  return it == functions_.end() ? nullptr : it->second;
}

void LoadState::warn(std::string text) {
  constexpr std::size_t kMost = 20;
  if (std::ranges::find(warnings, text) != warnings.end()) return;
  if (warnings.size() < kMost) warnings.push_back(std::move(text));
  else ++dropped_warnings;
}

void LoadState::expand(Index count) {
  constexpr Index kMost = 500'000;
  expanded += count;
  ENGINE_REQUIRE(expanded <= kMost, ErrorCode::kResourceExhausted,
                 "the model's functions and sequences expand to more than ", kMost, " nodes");
}

void rethrow_at(const LoadState& state, const std::string& place) {
  constexpr int kOutermost = 2;
  try {
    throw;
  } catch (const LocatedError& error) {
    if (state.depth >= kOutermost) throw;
    throw LocatedError(error.code(), place + ": " + error.what(), error.misfit());
  } catch (const Error& error) {
    const bool misfit = dynamic_cast<const MisfitError*>(&error) != nullptr;
    throw LocatedError(error.code(), place + ": " + error.what(), misfit);
  }
}

void check_name(std::string_view name) {
  ENGINE_VALIDATE(name.size() <= kLongestName, "name ", quote(name), " has ", name.size(),
                  " bytes (at most ", kLongestName, " are allowed)");
}

Nested::Nested(LoadState& state) : state_(state) {
  ENGINE_VALIDATE(state.depth < state.max_depth, "bodies and functions are nested deeper than ",
                  state.max_depth, " (LoadOptions::max_depth)");
  ++state_.depth;
}

}  // namespace engine::onnx
