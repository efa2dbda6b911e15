// The texts of the OpenCL programs, embedded in the library.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

}  // namespace engine::opencl
