// The texts of the OpenCL programs, embedded in the library.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::opencl {

/// A file below src/, as it was when the library was built.
struct Source {
  std::string_view path, text;
};
extern const Source kSources[];
extern const std::size_t kSourceCount;

/// The text of ops/opencl/kernels/<program>.cl with every #include "..." replaced by its file;
/// "activations" is the list of numerics/activation.h.
std::string program_source(std::string_view program);

/// How kernels are written: over grids of work-items, or, for the compilers of FPGA boards, as
/// loops within one (kernels/fpga).
enum class Variant { kStandard, kFpga };
/// "standard", "fpga".
std::string_view to_string(Variant variant);
std::optional<Variant> parse_variant(std::string_view name);

/// The programs of a variant, sorted.
std::vector<std::string> programs_of(Variant variant);

/// All of them as one text that needs nothing else: what they share comes once, and the macros of
/// each end with it.
std::string joined_source(Variant variant);

}  // namespace engine::opencl
