#include "ops/registry.h"

#include <algorithm>
#include <vector>

namespace engine::ops {

#define ENGINE_OP(domain, name, ...) OperatorPtr make_##name(const Attributes&);
#include "ops/ops.inc"
#undef ENGINE_OP

namespace {

constexpr std::string_view onnx = "", ml = "ai.onnx.ml", microsoft = "com.microsoft";

const std::vector<OperatorDef>& sorted_defs() {
  static const std::vector<OperatorDef> defs = [] {
    std::vector<OperatorDef> list = {
#define ENGINE_OP(domain, name, min_in, max_in, min_out, max_out) \
  {domain, #name, min_in, max_in, min_out, max_out, make_##name},
#include "ops/ops.inc"
#undef ENGINE_OP
    };
    std::ranges::sort(list, {}, [](const OperatorDef& d) { return std::pair(d.domain, d.name); });
    return list;
  }();
  return defs;
}

}  // namespace

const OperatorDef* find(std::string_view domain, std::string_view name) noexcept {
  const auto& defs = sorted_defs();
  const auto it = std::ranges::lower_bound(
      defs, std::pair(domain, name), {}, [](const auto& d) { return std::pair(d.domain, d.name); });
  return it != defs.end() && it->domain == domain && it->name == name ? &*it : nullptr;
}

std::span<const OperatorDef> all_operators() noexcept { return sorted_defs(); }

}  // namespace engine::ops
