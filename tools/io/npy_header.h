// The header of a .npy file: a Python dictionary in a fixed form.
#pragma once

#include <engine/types.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace engine::tools {

/// How one element lies in the file.
struct NpyElement {
  enum class Kind { kPlain, kBytes, kText };  ///< kText: UTF-32 code points
  Kind kind = Kind::kPlain;
  DType dtype = DType::kFloat32;
  std::size_t bytes = 4;  ///< of one element
  bool swapped = false;   ///< big endian
};

struct NpyHeader {
  NpyElement element;
  bool fortran_order = false;
  Shape shape;
  std::size_t data = 0;  ///< offset of the first element
};

/// Reads the header at the start of `bytes`. Throws Error (kInvalidArgument, kUnsupported).
NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view name);

}  // namespace engine::tools
