// What an offline program says of itself: manifest.json, which lies beside it.
#pragma once

#include "ops/opencl/runtime/sources.h"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace engine::opencl {

constexpr std::size_t kMostBinaryBytes = std::size_t{1} << 30;

/// What a program was made for. Of a source that waits for a vendor's compiler, `device` and
/// `binary` are empty.
struct Manifest {
  Variant variant = Variant::kStandard;
  std::string platform, device, version, driver;  ///< as the driver says them
  std::string options;                            ///< of the compiler
  std::string source, binary;                     ///< checksums
  std::size_t bytes = 0;                          ///< of the binary
  std::set<std::string, std::less<>> kernels;
};

/// As JSON. Bytes that are no printable ASCII become '?'.
std::string manifest_text(const Manifest& manifest);

/// Throws Error (kInvalidArgument), with the line if there is one, for text that is no manifest of
/// this version or does not add up.
Manifest parse_manifest(std::string_view text);

/// The menu of register tiles: "7x4", "14x2" for "conv", of kernels conv_7x4 and conv_14x2.
std::map<std::string, std::vector<std::string>> tiles_of(
    const std::set<std::string, std::less<>>& kernels);

/// The element types that the kernels of a variant compute with.
std::vector<std::string> element_types(Variant variant);

}  // namespace engine::opencl
