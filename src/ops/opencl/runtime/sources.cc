#include "ops/opencl/runtime/sources.h"

#include "base/check.h"
#include "numerics/activation.h"

#include <algorithm>
#include <set>
#include <span>

namespace engine::opencl {
namespace {

// The list of activation.h, for programs that define ENGINE_ACTIVATION.
#define ENGINE_ACTIVATION(name, function) "ENGINE_ACTIVATION(" #name ", " #function ")\n"
constexpr std::string_view kActivations = ENGINE_ACTIVATIONS(ENGINE_ACTIVATION);
#undef ENGINE_ACTIVATION

constexpr std::string_view kExtension = ".cl", kCommon = "common.cl";

std::span<const Source> all_sources() { return {kSources, kSourceCount}; }

std::string_view text_of(std::string_view path) {
  if (path == "activations") return kActivations;
  const auto it = std::ranges::find(all_sources(), path, &Source::path);
  ENGINE_REQUIRE(it != all_sources().end(), ErrorCode::kInternal, "there is no OpenCL source ",
                 path);
  return it->text;
}

std::string_view folder_of(Variant variant) {
  return variant == Variant::kFpga ? "ops/opencl/kernels/fpga/" : "ops/opencl/kernels/";
}

constexpr std::string_view kOnce = "#pragma once";

// Whether a text with all programs has it once: the functions of src/numerics, and what says so.
bool is_shared(std::string_view path) {
  return path.starts_with("numerics/") || text_of(path).find(kOnce) != std::string_view::npos;
}

// The name that a line defines as a macro, or "".
std::string_view defined_name(std::string_view line) {
  constexpr std::string_view kDefine = "#define ";
  if (!line.starts_with(kDefine)) return {};
  line.remove_prefix(kDefine.size());
  return line.substr(0, line.find_first_of("( "));
}

// Programs, one after another, without #include.
class Joined {
 public:
  void append(std::string_view program) {
    expand(text_of(program), false);
    for (const std::string_view name : macros_)
      text_.append("#undef ").append(name).push_back('\n');
    macros_.clear();
  }
  std::string take() { return std::move(text_); }

 private:
  void expand(std::string_view text, bool shared) {
    constexpr std::string_view kInclude = "#include \"";
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (line.starts_with(kInclude)) {
        const std::string_view rest = line.substr(kInclude.size());
        include(rest.substr(0, rest.find('"')), shared);
        continue;
      }
      if (line == kOnce) continue;
      text_.append(line).push_back('\n');
      const std::string_view name = defined_name(line);
      if (!shared && !name.empty()) macros_.insert(name);
    }
  }
  void include(std::string_view path, bool shared) {
    if (is_shared(path) && !seen_.insert(path).second) return;
    expand(text_of(path), shared || is_shared(path));
  }

  std::string text_;
  std::set<std::string_view> seen_, macros_;
};

}  // namespace

std::string program_source(std::string_view program) {
  Joined text;
  text.append(concat(folder_of(Variant::kStandard), program, kExtension));
  return text.take();
}

std::string_view to_string(Variant variant) {
  return variant == Variant::kFpga ? "fpga" : "standard";
}

std::optional<Variant> parse_variant(std::string_view name) {
  for (const Variant variant : {Variant::kStandard, Variant::kFpga})
    if (name == to_string(variant)) return variant;
  return std::nullopt;
}

std::vector<std::string> programs_of(Variant variant) {
  std::vector<std::string> names;
  for (const Source& source : all_sources()) {
    const std::string_view folder = folder_of(variant);
    if (!source.path.starts_with(folder) || !source.path.ends_with(kExtension)) continue;
    const std::string_view file = source.path.substr(folder.size());
    if (file.find('/') == file.npos && file != kCommon)
      names.emplace_back(file.substr(0, file.size() - kExtension.size()));
  }
  std::ranges::sort(names);
  return names;
}

std::string joined_source(Variant variant) {
  Joined text;
  for (const std::string& program : programs_of(variant))
    text.append(concat(folder_of(variant), program, kExtension));
  return text.take();
}

}  // namespace engine::opencl
