#include "ops/opencl/runtime/sources.h"

#include "base/check.h"
#include "numerics/activation.h"

#include <algorithm>
#include <span>

namespace engine::opencl {
namespace {

// The list of activation.h, for programs that define ENGINE_ACTIVATION.
#define ENGINE_ACTIVATION(name, function) "ENGINE_ACTIVATION(" #name ", " #function ")\n"
constexpr std::string_view kActivations = ENGINE_ACTIVATIONS(ENGINE_ACTIVATION);
#undef ENGINE_ACTIVATION

std::string_view text_of(std::string_view path) {
  if (path == "activations") return kActivations;
  const std::span all(kSources, kSourceCount);
  const auto it = std::ranges::find(all, path, &Source::path);
  ENGINE_REQUIRE(it != all.end(), ErrorCode::kInternal, "there is no OpenCL source ", path);
  return it->text;
}

void append_expanded(std::string_view text, std::string& to) {
  constexpr std::string_view kInclude = "#include \"";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with(kInclude)) {
      const std::string_view rest = line.substr(kInclude.size());
      append_expanded(text_of(rest.substr(0, rest.find('"'))), to);
    } else {
      to.append(line).push_back('\n');
    }
  }
}

}  // namespace

std::string program_source(std::string_view program) {
  std::string source;
  append_expanded(text_of(concat("ops/opencl/kernels/", program, ".cl")), source);
  return source;
}

}  // namespace engine::opencl
